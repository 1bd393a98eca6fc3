// What commands are parsed into. Words are kept as written, quotes and all: expand.c gives them their meaning.
#pragma once

#include "memory.h"

struct word
{
    char        *text;
    struct word *next;
};

enum redirection_kind
{
    redirect_input,      // <
    redirect_output,     // > and >|
    redirect_append,     // >>
    redirect_read_write, // <>
    redirect_copy,       // <& and >&
    redirect_here,       // << and <<-
};

struct redirection
{
    enum redirection_kind kind;
    bool                  clobbers;   ///< >|
    int                   descriptor;
    char                 *target;     ///< a word; of a here-document, its contents
    bool                  is_literal; ///< here-document whose delimiter was quoted: nothing is expanded
    int                   line;
    struct redirection   *next;
    struct redirection   *next_here_document; ///< while parsing: whose contents follow the line too
};

enum node_kind
{
    node_simple,     ///< words, redirections
    node_pipeline,   ///< children, negated
    node_and,        ///< left && right
    node_or,         ///< left || right
    node_sequence,   ///< left ; right
    node_background, ///< left &
    node_group,      ///< { left; }
    node_subshell,   ///< ( left )
    node_if,         ///< condition, left, else right
    node_while,      ///< condition, left
    node_until,
    node_for,        ///< name, words, left
    node_case,       ///< name is the word, items
    node_function,   ///< name, left
};

struct case_item
{
    struct word      *patterns;
    struct node      *body; ///< may be NULL
    bool              falls_through; ///< ;&
    struct case_item *next;
};

struct node
{
    enum node_kind      kind;
    int                 line;
    bool                negated;
    bool                has_words; ///< for: `in` was written
    struct word        *words;
    char               *name;
    struct node        *condition;
    struct node        *left;
    struct node        *right;
    struct node        *next;  ///< in a pipeline
    struct case_item   *items;
    struct redirection *redirections;
    struct arena       *arena; ///< function: what keeps its body
};
