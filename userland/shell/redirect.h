// Redirections, and how they are undone.
#pragma once

#include "tree.h"

struct saved_descriptor;

/// Performs them in order. With `saved`, remembers what they replaced. False, with a message, if one fails.
bool redirect(const struct redirection *redirections, struct saved_descriptor **saved);

void restore_descriptors(struct saved_descriptor *saved);

/// Keeps the redirections: `exec`.
void forget_descriptors(struct saved_descriptor *saved);

/// Moves a descriptor of the shell's own out of the way of scripts, and closes it in programs.
int move_away(int descriptor);
