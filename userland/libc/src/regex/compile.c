// Regular expressions: from tree to states.
#include "program.h"

#include "../internal/system.h"

#include <stdio.h>
#include <stdlib.h>

/// There is room: regcomp made it.
static unsigned add_state(struct program *program, struct state state)
{
    program->states[program->count] = state;
    return program->count++;
}

static unsigned compile(struct program *program, struct node *node, unsigned next, enum direction direction);

static unsigned compile_sequence(struct program *program, struct node *node, unsigned next, enum direction direction)
{
    struct node *part = node;
    part->up          = NULL;
    unsigned entry    = next;
    if (direction == forwards)
    {
        for (; part->kind == node_sequence; part = part->right)
        {
            part->right->up = part;
        }
        entry = compile(program, part, next, direction);
        for (part = part->up;; part = part->up)
        {
            entry                 = compile(program, part->left, entry, direction);
            part->entry[forwards] = entry;
            part->exit[forwards]  = next;
            if (part == node)
            {
                return entry;
            }
        }
    }
    for (; part->kind == node_sequence; part = part->right)
    {
        part->exit[backwards] = entry;
        entry                 = compile(program, part->left, entry, direction);
    }
    entry = compile(program, part, entry, direction);
    for (part = node; part->kind == node_sequence; part = part->right)
    {
        part->entry[backwards] = entry;
    }
    return entry;
}

/// The states of a node, which lead to `next`; the result is where they begin.
static unsigned compile(struct program *program, struct node *node, unsigned next, enum direction direction)
{
    unsigned entry = next;
    switch (node->kind)
    {
    case node_empty: break;
    case node_sequence: return compile_sequence(program, node, next, direction);
    case node_character:
    case node_any:
    case node_bracket:
        entry = add_state(program, (struct state) { operation_character, next, 0, 0, node });
        break;
    case node_assertion:
        entry = add_state(program, (struct state) { operation_assertion, next, 0, node->number, node });
        break;
    case node_back_reference:
        entry = add_state(program, (struct state) { operation_back_reference, next, 0, node->number, node });
        break;
    case node_group: {
        const unsigned outer = node->number * 2 + (direction == forwards), inner = node->number * 2 + (direction != forwards);
        entry = add_state(program, (struct state) { operation_save, next, 0, outer, node });
        entry = compile(program, node->left, entry, direction);
        entry = add_state(program, (struct state) { operation_save, entry, 0, inner, node });
        break;
    }
    case node_choice: {
        const unsigned first  = compile(program, node->left, next, direction);
        const unsigned second = compile(program, node->right, next, direction);
        entry                 = add_state(program, (struct state) { operation_split, first, second, 0, node });
        break;
    }
    case node_repeat: {
        const unsigned loop        = add_state(program, (struct state) { operation_loop, 0, next, 0, node });
        const unsigned body        = compile(program, node->left, loop, direction);
        program->states[loop].next = body;
        entry                      = node->at_least_once ? body : loop;
        break;
    }
    }
    node->entry[direction] = entry;
    node->exit[direction]  = next;
    return entry;
}

/// The bytes that a match can begin with, unless it can be empty.
static bool find_first(struct program *program)
{
    unsigned *stack = calloc(program->count * 2 + 2, sizeof *stack);
    bool *seen      = calloc(program->count, sizeof *seen);
    bool known      = stack != NULL && seen != NULL;
    size_t depth    = 0;
    if (known)
    {
        stack[depth++] = program->root->entry[forwards];
    }
    while (known && depth > 0)
    {
        const unsigned index      = stack[--depth];
        const struct state *state = &program->states[index];
        if (seen[index])
        {
            continue;
        }
        seen[index] = true;
        switch (state->operation)
        {
        case operation_match:
        case operation_back_reference: known = false; break;
        case operation_split:
        case operation_loop: stack[depth++] = state->other; stack[depth++] = state->next; break;
        case operation_assertion:
        case operation_save: stack[depth++] = state->next; break;
        case operation_character:
            for (uint32_t c = 0; c < 256; c++)
            {
                const struct node *node = state->node;
                bool can                = c >= 128 || node->kind == node_any;
                if (node->kind == node_character && c < 128)
                {
                    can = node->character == c || (program->flags & REG_ICASE && other_case(node->character) == c);
                }
                else if (node->kind == node_bracket && c < 128)
                {
                    can = node->bracket->ascii[c] != node->bracket->negated;
                }
                program->first[c] |= can;
            }
            break;
        }
    }
    free(stack);
    free(seen);
    return known;
}

void __regex_free(struct program *program)
{
    for (struct node *node = program->nodes; node != NULL;)
    {
        struct node *next = node->all;
        free(node);
        node = next;
    }
    for (struct bracket *bracket = program->brackets; bracket != NULL;)
    {
        struct bracket *next = bracket->next;
        free(bracket->ranges);
        free(bracket);
        bracket = next;
    }
    free(program->states);
    free(program);
}

int regcomp(regex_t *restrict expression, const char *restrict pattern, int flags)
{
    expression->__program   = NULL;
    struct program *program = calloc(1, sizeof *program);
    if (program == NULL)
    {
        return REG_ESPACE;
    }
    program->flags = flags;
    int error      = __regex_parse(program, pattern);
    if (error == 0)
    {
        // Two machines, each with at most two states for a node; with room for all there is no failing half-way.
        size_t nodes = 0;
        for (const struct node *node = program->nodes; node != NULL; node = node->all)
        {
            nodes++;
        }
        program->states = calloc(nodes * 4 + 1, sizeof *program->states);
        error           = program->states == NULL ? REG_ESPACE : 0;
    }
    if (error == 0)
    {
        const unsigned match = add_state(program, (struct state) { .operation = operation_match });
        compile(program, program->root, match, backwards);
        compile(program, program->root, match, forwards);
        program->first_known = find_first(program);
        expression->re_nsub  = program->groups;
        expression->__program = program;
        return 0;
    }
    __regex_free(program);
    return error;
}

void regfree(regex_t *expression)
{
    if (expression->__program != NULL)
    {
        __regex_free(expression->__program);
        expression->__program = NULL;
    }
}

size_t regerror(int error, const regex_t *restrict expression, char *restrict to, size_t size)
{
    static const char *const messages[] = {
        [REG_NOERROR]  = "Success",
        [REG_NOMATCH]  = "No match",
        [REG_BADPAT]   = "Invalid regular expression",
        [REG_ECOLLATE] = "Invalid collation character",
        [REG_ECTYPE]   = "Invalid character class name",
        [REG_EESCAPE]  = "Trailing backslash",
        [REG_ESUBREG]  = "Invalid back reference",
        [REG_EBRACK]   = "Unmatched [, [^, [:, [., or [=",
        [REG_EPAREN]   = "Unmatched ( or \\(",
        [REG_EBRACE]   = "Unmatched \\{",
        [REG_BADBR]    = "Invalid content of \\{\\}",
        [REG_ERANGE]   = "Invalid range end",
        [REG_ESPACE]   = "Memory exhausted",
        [REG_BADRPT]   = "Invalid preceding regular expression",
    };
    (void)expression;
    const char *message = (size_t)error < length_of(messages) ? messages[error] : "Unknown error";
    if (size > 0)
    {
        snprintf(to, size, "%s", message);
    }
    return strlen(message) + 1;
}
