// Regular expressions: where a text matches.
//
// Leftmost and longest: all states at once, each with where its match began, in time of text times expression. What the
// groups matched is found after that from the tree: of a sequence the first part takes the most with which the rest can
// still match, which a run backwards from the end tells. So nothing is ever tried twice. Only back-references need trying,
// for which there is a limit of steps.
#include "program.h"

#include "../internal/system.h"

#include <stdlib.h>

enum
{
    most_steps = 10000000, ///< of an expression with back-references; beyond it, REG_ESPACE
};

struct thread
{
    unsigned state;
    size_t start;
};

struct threads
{
    struct thread *all;
    unsigned count;
};

struct matcher
{
    const struct program *program;
    const char *text;
    size_t size;
    int flags;
    struct threads now, next;
    unsigned *seen; ///< by state: the generation in which it was added
    unsigned generation;
    unsigned *stack;
    regmatch_t *groups;
    size_t group_count;
    bool out_of_memory;
};

// One character, one place.

static bool is_word(const struct matcher *matcher, size_t at)
{
    const unsigned char byte = (unsigned char)matcher->text[at];
    return isalnum(byte) || byte == '_';
}

static bool holds(const struct matcher *matcher, enum assertion assertion, size_t at)
{
    const bool lines  = matcher->program->flags & REG_NEWLINE;
    const bool before = at > 0 && is_word(matcher, at - 1), after = at < matcher->size && is_word(matcher, at);
    switch (assertion)
    {
    case assert_line_start:
        return (at == 0 && !(matcher->flags & REG_NOTBOL)) || (lines && at > 0 && matcher->text[at - 1] == '\n');
    case assert_line_end:
        return (at == matcher->size && !(matcher->flags & REG_NOTEOL))
               || (lines && at < matcher->size && matcher->text[at] == '\n');
    case assert_text_start: return at == 0;
    case assert_text_end: return at == matcher->size;
    case assert_word_start: return !before && after;
    case assert_word_end: return before && !after;
    case assert_word_edge: return before != after;
    case assert_no_word_edge: return before == after;
    }
    return false;
}

static bool takes(const struct matcher *matcher, const struct node *node, uint32_t character)
{
    if (node->kind == node_character)
    {
        return node->character == character
               || (matcher->program->flags & REG_ICASE && other_case(node->character) == character);
    }
    if (node->kind == node_any)
    {
        return character != '\n' || !(matcher->program->flags & REG_NEWLINE);
    }
    const struct bracket *bracket = node->bracket;
    bool found                    = character < 128 && bracket->ascii[character];
    for (size_t i = 0; character >= 128 && i < bracket->count; i++)
    {
        found |= bracket->ranges[i].low <= character && character <= bracket->ranges[i].high;
    }
    return found != bracket->negated;
}

/// The character before `at`, which is where a character begins.
static uint32_t decode_before(const struct matcher *matcher, size_t at, unsigned *length)
{
    const char *end = matcher->text + at;
    for (unsigned size = 4; size > 1; size--)
    {
        if (size <= at)
        {
            const uint32_t character = decode(end - size, end, length);
            if (*length == size)
            {
                return character;
            }
        }
    }
    return decode(end - 1, end, length);
}

// All states at once.

/// Adds a state and those behind it that need no character; true if `exit` is among them.
static bool add(struct matcher *matcher, struct threads *threads, unsigned state, unsigned exit, size_t start, size_t at)
{
    size_t depth            = 0;
    bool left               = false;
    matcher->stack[depth++] = state;
    while (depth > 0)
    {
        const unsigned index = matcher->stack[--depth];
        if (matcher->seen[index] == matcher->generation)
        {
            continue;
        }
        matcher->seen[index] = matcher->generation;
        if (index == exit)
        {
            left = true;
            continue;
        }
        const struct state *s = &matcher->program->states[index];
        switch (s->operation)
        {
        case operation_split:
        case operation_loop:
            matcher->stack[depth++] = s->other;
            matcher->stack[depth++] = s->next;
            break;
        case operation_save: matcher->stack[depth++] = s->next; break;
        case operation_assertion:
            if (holds(matcher, (enum assertion)s->number, at))
            {
                matcher->stack[depth++] = s->next;
            }
            break;
        case operation_character: threads->all[threads->count++] = (struct thread) { index, start }; break;
        case operation_match:
        case operation_back_reference: break;
        }
    }
    return left;
}

static void new_generation(struct matcher *matcher)
{
    if (++matcher->generation == 0)
    {
        memset(matcher->seen, 0, matcher->program->count * sizeof *matcher->seen);
        matcher->generation = 1;
    }
}

static void swap(struct matcher *matcher)
{
    const struct threads before = matcher->now;
    matcher->now                = matcher->next;
    matcher->next               = before;
}

static bool find(struct matcher *matcher, bool any, regmatch_t *found)
{
    const struct program *program = matcher->program;
    const unsigned entry          = program->root->entry[forwards];
    bool matched                  = false;
    size_t best_start = 0, best_end = 0;
    matcher->now.count = 0;
    // The threads of `now` are at `at`, except for the one that begins there.
    new_generation(matcher);
    for (size_t at = 0;;)
    {
        if (!matched)
        {
            if (matcher->now.count == 0 && program->first_known)
            {
                while (at < matcher->size && !program->first[(unsigned char)matcher->text[at]])
                {
                    unsigned length;
                    decode(matcher->text + at, matcher->text + matcher->size, &length);
                    at += length;
                }
                if (at == matcher->size)
                {
                    return false;
                }
                new_generation(matcher);
            }
            if (add(matcher, &matcher->now, entry, 0, at, at))
            {
                matched    = true;
                best_start = best_end = at;
            }
        }
        if ((matched && any) || at == matcher->size || (matched && matcher->now.count == 0))
        {
            break;
        }
        unsigned length;
        const uint32_t character = decode(matcher->text + at, matcher->text + matcher->size, &length);
        at += length;
        new_generation(matcher);
        matcher->next.count = 0;
        for (unsigned i = 0; i < matcher->now.count; i++)
        {
            const struct thread thread = matcher->now.all[i];
            if (matched && thread.start > best_start)
            {
                break; // they stand in the order of their starts
            }
            const struct state *state = &program->states[thread.state];
            if (takes(matcher, state->node, character)
                && add(matcher, &matcher->next, state->next, 0, thread.start, at))
            {
                matched    = true;
                best_start = thread.start;
                best_end   = at;
            }
        }
        swap(matcher);
    }
    found->rm_so = (regoff_t)best_start;
    found->rm_eo = (regoff_t)best_end;
    return matched;
}

// Parts of the tree within a match.

static bool marked(const unsigned char *marks, size_t at)
{
    return marks[at / 8] >> at % 8 & 1;
}

/// The furthest place up to `to` at which the node can end when it begins at `from`, among those that are marked (if there
/// are marks, counted from `from_marks`) or else `to` alone; -1 if there is none.
static regoff_t furthest(struct matcher *matcher, const struct node *node, size_t from, size_t to,
    const unsigned char *marks, size_t from_marks)
{
    regoff_t result     = -1;
    const unsigned exit = node->exit[forwards];
    matcher->now.count  = 0;
    new_generation(matcher);
    bool left = add(matcher, &matcher->now, node->entry[forwards], exit, 0, from);
    for (size_t at = from;;)
    {
        if (left && (marks != NULL ? marked(marks, at - from_marks) : at == to))
        {
            result = (regoff_t)at;
        }
        if (at >= to || matcher->now.count == 0)
        {
            return result;
        }
        unsigned length;
        const uint32_t character = decode(matcher->text + at, matcher->text + matcher->size, &length);
        at += length;
        left = false;
        new_generation(matcher);
        matcher->next.count = 0;
        for (unsigned i = 0; i < matcher->now.count; i++)
        {
            const struct state *state = &matcher->program->states[matcher->now.all[i].state];
            if (takes(matcher, state->node, character))
            {
                left |= add(matcher, &matcher->next, state->next, exit, 0, at);
            }
        }
        swap(matcher);
    }
}

/// Marks the places from which the node can match up to `to` exactly. Null if there is no memory.
static unsigned char *mark_starts(struct matcher *matcher, const struct node *node, size_t from, size_t to)
{
    unsigned char *marks = calloc((to - from) / 8 + 1, 1);
    if (marks == NULL)
    {
        matcher->out_of_memory = true;
        return NULL;
    }
    const unsigned exit = node->exit[backwards];
    matcher->now.count  = 0;
    new_generation(matcher);
    bool left = add(matcher, &matcher->now, node->entry[backwards], exit, 0, to);
    for (size_t at = to;;)
    {
        if (left)
        {
            marks[(at - from) / 8] |= (unsigned char)(1 << (at - from) % 8);
        }
        if (at <= from || matcher->now.count == 0)
        {
            return marks;
        }
        unsigned length;
        const uint32_t character = decode_before(matcher, at, &length);
        at -= length;
        left = false;
        new_generation(matcher);
        matcher->next.count = 0;
        for (unsigned i = 0; i < matcher->now.count; i++)
        {
            const struct state *state = &matcher->program->states[matcher->now.all[i].state];
            if (takes(matcher, state->node, character))
            {
                left |= add(matcher, &matcher->next, state->next, exit, 0, at);
            }
        }
        swap(matcher);
    }
}

/// Sets the groups of a node that matches [from, to).
static void assign(struct matcher *matcher, const struct node *node, size_t from, size_t to)
{
    while (node->has_groups && !matcher->out_of_memory)
    {
        switch (node->kind)
        {
        case node_group:
            if (node->number < matcher->group_count)
            {
                matcher->groups[node->number] = (regmatch_t) { (regoff_t)from, (regoff_t)to };
            }
            node = node->left;
            break;
        case node_sequence: {
            unsigned char *marks = mark_starts(matcher, node->right, from, to);
            if (marks == NULL)
            {
                return;
            }
            const regoff_t middle = furthest(matcher, node->left, from, to, marks, from);
            free(marks);
            if (middle < 0)
            {
                return;
            }
            assign(matcher, node->left, from, (size_t)middle);
            from = (size_t)middle;
            node = node->right;
            break;
        }
        case node_choice:
            node = furthest(matcher, node->left, from, to, NULL, 0) >= 0 ? node->left : node->right;
            break;
        case node_repeat: {
            // The last time round is what counts.
            if (from < to)
            {
                unsigned char *marks = mark_starts(matcher, node, from, to);
                if (marks == NULL)
                {
                    return;
                }
                marks[(to - from) / 8] |= (unsigned char)(1 << (to - from) % 8);
                const size_t begin = from;
                for (;;)
                {
                    const regoff_t end = furthest(matcher, node->left, from, to, marks, begin);
                    if (end <= (regoff_t)from || (size_t)end == to)
                    {
                        break;
                    }
                    from = (size_t)end;
                }
                free(marks);
            }
            else if (furthest(matcher, node->left, from, to, NULL, 0) < 0)
            {
                return; // not even once
            }
            node = node->left;
            break;
        }
        default: return;
        }
    }
}

// Back-references: one way after the other.

struct way
{
    enum
    {
        way_state,
        way_group, ///< what to put back
        way_loop,
    } kind;
    unsigned index;
    size_t value;
};

struct trial
{
    struct way *ways;
    size_t count, room;
    size_t *edges; ///< two for each group
    size_t *loops; ///< by state: where it was last gone round
    size_t *best;
    unsigned long steps;
};

static const size_t nowhere = (size_t)-1;

static bool push(struct trial *trial, struct way way)
{
    if (trial->count == trial->room)
    {
        const size_t room = trial->room * 2 + 64;
        struct way *ways  = room > most_steps ? NULL : reallocarray(trial->ways, room, sizeof *ways);
        if (ways == NULL)
        {
            return false;
        }
        trial->ways = ways;
        trial->room = room;
    }
    trial->ways[trial->count++] = way;
    return true;
}

/// Whether what the group matched comes again at `at`; then `*length` is how long it is.
static bool comes_again(const struct matcher *matcher, const size_t edges[2], size_t at, size_t *length)
{
    if (edges[0] == nowhere || edges[1] == nowhere)
    {
        return false;
    }
    *length = edges[1] - edges[0];
    if (*length > matcher->size - at)
    {
        return false;
    }
    const char *group = matcher->text + edges[0], *here = matcher->text + at;
    return (matcher->program->flags & REG_ICASE ? strncasecmp(group, here, *length) : memcmp(group, here, *length)) == 0;
}

/// The longest match that begins at `start`: its edges in `best`. 1, 0 for none, -1 when it takes too much.
static int try_from(struct matcher *matcher, struct trial *trial, size_t start)
{
    const struct program *program = matcher->program;
    const size_t edge_count       = (program->groups + 1) * 2;
    for (size_t i = 0; i < edge_count; i++)
    {
        trial->edges[i] = nowhere;
    }
    for (unsigned i = 0; i < program->count; i++)
    {
        trial->loops[i] = nowhere;
    }
    bool found   = false;
    trial->count = 0;
    if (!push(trial, (struct way) { way_state, program->root->entry[forwards], start }))
    {
        return -1;
    }
    while (trial->count > 0)
    {
        const struct way way = trial->ways[--trial->count];
        if (way.kind != way_state)
        {
            (way.kind == way_group ? trial->edges : trial->loops)[way.index] = way.value;
            continue;
        }
        size_t at = way.value;
        bool on   = true;
        for (unsigned index = way.index; on;)
        {
            if (++trial->steps > most_steps)
            {
                return -1;
            }
            const struct state *state = &program->states[index];
            switch (state->operation)
            {
            case operation_match:
                if (!found || at > trial->best[1])
                {
                    memcpy(trial->best, trial->edges, edge_count * sizeof *trial->best);
                    trial->best[0] = start;
                    trial->best[1] = at;
                    found          = true;
                }
                if (at == matcher->size)
                {
                    return 1;
                }
                on = false;
                break;
            case operation_character:
                on = at < matcher->size;
                if (on)
                {
                    unsigned length;
                    const uint32_t character = decode(matcher->text + at, matcher->text + matcher->size, &length);
                    on                       = takes(matcher, state->node, character);
                    at += length;
                }
                index = state->next;
                break;
            case operation_assertion:
                on    = holds(matcher, (enum assertion)state->number, at);
                index = state->next;
                break;
            case operation_back_reference: {
                size_t length = 0;
                on            = comes_again(matcher, trial->edges + state->number * 2, at, &length);
                at += length;
                index = state->next;
                break;
            }
            case operation_save:
                if (!push(trial, (struct way) { way_group, state->number, trial->edges[state->number] }))
                {
                    return -1;
                }
                trial->edges[state->number] = at;
                index                       = state->next;
                break;
            case operation_loop:
                if (trial->loops[index] == at)
                {
                    index = state->other;
                    break;
                }
                if (!push(trial, (struct way) { way_loop, index, trial->loops[index] })
                    || !push(trial, (struct way) { way_state, state->other, at }))
                {
                    return -1;
                }
                trial->loops[index] = at;
                index               = state->next;
                break;
            case operation_split:
                if (!push(trial, (struct way) { way_state, state->other, at }))
                {
                    return -1;
                }
                index = state->next;
                break;
            }
        }
    }
    return found;
}

static int match_by_trial(struct matcher *matcher)
{
    const struct program *program = matcher->program;
    const size_t edge_count       = (program->groups + 1) * 2;
    struct trial trial            = { .edges = calloc(edge_count, sizeof(size_t)),
                   .best             = calloc(edge_count, sizeof(size_t)),
                   .loops            = calloc(program->count, sizeof(size_t)) };
    int outcome                   = trial.edges != NULL && trial.best != NULL && trial.loops != NULL ? 0 : -1;
    for (size_t at = 0; outcome == 0;)
    {
        if (!program->first_known || (at < matcher->size && program->first[(unsigned char)matcher->text[at]]))
        {
            outcome = try_from(matcher, &trial, at);
        }
        if (at == matcher->size)
        {
            break;
        }
        unsigned length;
        decode(matcher->text + at, matcher->text + matcher->size, &length);
        at += length;
    }
    for (size_t i = 0; outcome > 0 && i < matcher->group_count && i <= program->groups; i++)
    {
        const bool known   = trial.best[i * 2] != nowhere && trial.best[i * 2 + 1] != nowhere;
        matcher->groups[i] = (regmatch_t) { known ? (regoff_t)trial.best[i * 2] : -1, known ? (regoff_t)trial.best[i * 2 + 1] : -1 };
    }
    free(trial.edges);
    free(trial.best);
    free(trial.loops);
    free(trial.ways);
    return outcome > 0 ? 0 : outcome == 0 ? REG_NOMATCH : REG_ESPACE;
}

int regexec(const regex_t *restrict expression, const char *restrict text, size_t count, regmatch_t *restrict groups, int flags)
{
    const struct program *program = expression->__program;
    if (program == NULL)
    {
        return REG_BADPAT;
    }
    size_t offset = 0, size;
    if (flags & REG_STARTEND)
    {
        offset = (size_t)groups[0].rm_so;
        size   = (size_t)groups[0].rm_eo - offset;
    }
    else
    {
        size = strlen(text);
    }
    if (program->flags & REG_NOSUB)
    {
        count = 0;
    }
    struct matcher matcher = { .program = program, .text = text + offset, .size = size, .flags = flags, .groups = groups, .group_count = count };
    for (size_t i = 0; i < count; i++)
    {
        groups[i] = (regmatch_t) { -1, -1 };
    }
    int outcome;
    if (program->back_references)
    {
        outcome = match_by_trial(&matcher);
    }
    else
    {
        // One piece: two lists of threads, what was seen, and a stack, on which each state can be twice.
        const size_t states = program->count;
        char *memory        = calloc(states, 2 * sizeof(struct thread) + 3 * sizeof(unsigned) + sizeof(unsigned));
        if (memory == NULL)
        {
            return REG_ESPACE;
        }
        matcher.now.all  = (struct thread *)memory;
        matcher.next.all = matcher.now.all + states;
        matcher.seen     = (unsigned *)(matcher.next.all + states);
        matcher.stack    = matcher.seen + states;
        regmatch_t whole;
        outcome = find(&matcher, count == 0, &whole) ? 0 : REG_NOMATCH;
        if (outcome == 0 && count > 0)
        {
            groups[0] = whole;
            if (count > 1)
            {
                assign(&matcher, program->root, (size_t)whole.rm_so, (size_t)whole.rm_eo);
                outcome = matcher.out_of_memory ? REG_ESPACE : 0;
            }
        }
        free(memory);
    }
    for (size_t i = 0; i < count && offset > 0; i++)
    {
        if (groups[i].rm_so >= 0)
        {
            groups[i].rm_so += (regoff_t)offset;
            groups[i].rm_eo += (regoff_t)offset;
        }
    }
    return outcome;
}
