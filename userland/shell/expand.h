// From words as written to arguments: tilde, parameters, command substitution, arithmetic, fields, pathnames, quotes.
#pragma once

#include "memory.h"
#include "tree.h"

/// Adds the fields the word becomes. False, with a message, if something in it is wrong.
bool expand_word(const char *word, struct string_list *fields);

/// Without splitting and pathnames: assignments, redirections. NULL on error; the caller frees it.
char *expand_to_text(const char *word);

/// As a pattern: quoted characters are escaped by a backslash.
char *expand_to_pattern(const char *word);

/// The contents of a here-document.
char *expand_here_document(const char *contents);

/// The text of an assignment's value: tildes after each colon.
char *expand_assignment(const char *word);
