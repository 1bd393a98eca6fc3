// A regular expression as a tree and, compiled, as a machine of states (Thompson's), forwards and backwards.
#pragma once

#include "../internal/characters.h"

#include <regex.h>

enum
{
    most_nodes  = 1 << 16,
    most_groups = 255,
    most_depth  = 400, ///< of groups in groups
};

enum node_kind
{
    node_empty,
    node_character,
    node_any,
    node_bracket,
    node_assertion,
    node_group,
    node_back_reference,
    node_sequence,
    node_choice,
    node_repeat, ///< any number of times, or at least once
};

enum assertion
{
    assert_line_start,
    assert_line_end,
    assert_text_start,
    assert_text_end,
    assert_word_start,
    assert_word_end,
    assert_word_edge,
    assert_no_word_edge,
};

struct range
{
    uint32_t low, high;
};

struct bracket
{
    struct bracket *next; ///< all of an expression
    bool negated;
    bool ascii[128];
    size_t count;
    struct range *ranges; ///< of characters beyond ASCII
};

enum direction
{
    forwards,
    backwards,
};

struct node
{
    struct node *all; ///< every node of an expression, to free them
    enum node_kind kind;
    bool at_least_once; ///< repeat
    bool has_groups;    ///< in or below it
    uint32_t character;
    unsigned number; ///< of a group, a back-reference or an assertion
    struct bracket *bracket;
    struct node *left, *right; ///< group and repeat: left
    struct node *up;           ///< while compiling
    unsigned entry[2], exit[2]; ///< states
};

enum operation
{
    operation_match,
    operation_character, ///< any node for one character
    operation_assertion,
    operation_split,
    operation_loop, ///< a split whose first way leads round
    operation_save, ///< an edge of a group
    operation_back_reference,
};

struct state
{
    enum operation operation;
    unsigned next, other;
    unsigned number;
    const struct node *node;
};

struct program
{
    struct node *nodes, *root;
    struct bracket *brackets;
    struct state *states;
    unsigned count;
    int flags;
    unsigned groups;
    bool back_references;
    bool first_known;     ///< a match begins with one of these bytes
    bool first[256];
};

/// Frees all of it.
void __regex_free(struct program *program);

/// The tree of an expression in `program->root`; the result is an error of regcomp or 0.
int __regex_parse(struct program *program, const char *pattern);
