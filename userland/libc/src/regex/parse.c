// Regular expressions: from text to tree. Basic and extended ones have the same operators, written in different ways.
#include "program.h"

#include "../internal/system.h"

#include <limits.h>
#include <stdlib.h>

struct parser
{
    struct program *program;
    const char *at, *end;
    int error;
    unsigned count;  ///< of nodes
    unsigned opened; ///< groups
    bool closed[most_groups + 1];
    unsigned depth;
};

enum token
{
    token_end,
    token_character,
    token_any,
    token_bracket,
    token_open,
    token_close,
    token_choice,
    token_star,
    token_plus,
    token_optional,
    token_interval,
    token_assertion,
    token_back_reference,
    token_class, ///< \w and its kin
    token_error,
};

static struct node *make(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
    struct node *node = parser->count < most_nodes && parser->error == 0 ? calloc(1, sizeof *node) : NULL;
    if (node == NULL)
    {
        parser->error = parser->error != 0 ? parser->error : REG_ESPACE;
        return NULL;
    }
    parser->count++;
    node->kind             = kind;
    node->left             = left;
    node->right            = right;
    node->has_groups       = kind == node_group || (left != NULL && left->has_groups) || (right != NULL && right->has_groups);
    node->all              = parser->program->nodes;
    parser->program->nodes = node;
    return node;
}

static struct node *copy(struct parser *parser, const struct node *from)
{
    struct node *first = NULL, **link = &first;
    while (from != NULL)
    {
        struct node *left = from->left != NULL ? copy(parser, from->left) : NULL;
        struct node *node = make(parser, from->kind, left, NULL);
        if (node == NULL)
        {
            return NULL;
        }
        node->at_least_once = from->at_least_once;
        node->has_groups    = from->has_groups;
        node->character     = from->character;
        node->number        = from->number;
        node->bracket       = from->bracket;
        *link               = node;
        link                = &node->right;
        from                = from->right;
    }
    return first;
}

// Brackets.

static struct bracket *make_bracket(struct parser *parser)
{
    struct bracket *bracket = calloc(1, sizeof *bracket);
    if (bracket == NULL)
    {
        parser->error = REG_ESPACE;
        return NULL;
    }
    bracket->next             = parser->program->brackets;
    parser->program->brackets = bracket;
    return bracket;
}

static void add_range(struct parser *parser, struct bracket *bracket, uint32_t low, uint32_t high)
{
    const bool either_case = parser->program->flags & REG_ICASE;
    for (uint32_t c = low; c <= high && c < 128; c++)
    {
        bracket->ascii[c] = true;
        if (either_case)
        {
            bracket->ascii[other_case(c)] = true;
        }
    }
    if (high >= 128)
    {
        struct range *ranges = reallocarray(bracket->ranges, bracket->count + 1, sizeof *ranges);
        if (ranges == NULL)
        {
            parser->error = REG_ESPACE;
            return;
        }
        ranges[bracket->count++] = (struct range) { low, high };
        bracket->ranges          = ranges;
    }
}

static void add_class(struct parser *parser, struct bracket *bracket, enum class class)
{
    for (uint32_t c = 0; c < 128; c++)
    {
        if (in_class(c, class))
        {
            add_range(parser, bracket, c, c);
        }
    }
}

/// One end of a range.
static uint32_t bracket_end(struct parser *parser)
{
    const char *p = parser->at;
    unsigned length;
    if (p + 1 < parser->end && p[0] == '[' && (p[1] == '.' || p[1] == '='))
    {
        const char kind = p[1];
        const char *end = p + 2;
        while (end + 1 < parser->end && !(end[0] == kind && end[1] == ']' && end > p + 2))
        {
            end++;
        }
        if (end + 1 >= parser->end)
        {
            parser->error = REG_EBRACK;
            return 0;
        }
        const uint32_t character = decode(p + 2, end, &length);
        if (p + 2 + length != end)
        {
            parser->error = REG_ECOLLATE;
        }
        parser->at = end + 2;
        return character;
    }
    if (p >= parser->end)
    {
        parser->error = REG_EBRACK;
        return 0;
    }
    const uint32_t character = decode(p, parser->end, &length);
    parser->at += length;
    return character;
}

/// Behind the [.
static struct node *parse_bracket(struct parser *parser)
{
    struct bracket *bracket = make_bracket(parser);
    if (bracket == NULL)
    {
        return NULL;
    }
    if (parser->at < parser->end && *parser->at == '^')
    {
        bracket->negated = true;
        parser->at++;
    }
    for (bool first = true; first || parser->at >= parser->end || *parser->at != ']'; first = false)
    {
        const char *p = parser->at;
        if (p >= parser->end)
        {
            parser->error = REG_EBRACK;
            return NULL;
        }
        if (p[0] == '[' && p + 1 < parser->end && p[1] == ':')
        {
            const char *end = strstr(p + 2, ":]");
            if (end == NULL)
            {
                parser->error = REG_EBRACK;
                return NULL;
            }
            enum class class = find_class(p + 2, (size_t)(end - p - 2));
            if (class == class_none)
            {
                parser->error = REG_ECTYPE;
                return NULL;
            }
            add_class(parser, bracket, class);
            parser->at = end + 2;
            if (parser->at + 1 < parser->end && parser->at[0] == '-' && parser->at[1] != ']')
            {
                parser->error = REG_ERANGE;
            }
        }
        else
        {
            const uint32_t low = bracket_end(parser);
            uint32_t high      = low;
            if (parser->error == 0 && parser->at + 1 < parser->end && parser->at[0] == '-' && parser->at[1] != ']')
            {
                parser->at++;
                if (parser->at[0] == '[' && parser->at[1] == ':')
                {
                    parser->error = REG_ERANGE;
                    return NULL;
                }
                high = bracket_end(parser);
            }
            if (parser->error == 0 && low > high)
            {
                parser->error = REG_ERANGE;
            }
            if (parser->error == 0)
            {
                add_range(parser, bracket, low, high);
            }
        }
        if (parser->error != 0)
        {
            return NULL;
        }
    }
    parser->at++;
    if (bracket->negated && parser->program->flags & REG_NEWLINE)
    {
        bracket->ascii['\n'] = true;
    }
    struct node *node = make(parser, node_bracket, NULL, NULL);
    if (node != NULL)
    {
        node->bracket = bracket;
    }
    return node;
}

// Tokens.

/// What comes next and, in `*length`, how long it is. `first`: it begins a branch; `start`: or only an anchor came before.
static enum token peek(const struct parser *parser, bool first, bool start, size_t *length, uint32_t *value)
{
    const char *p       = parser->at;
    const bool extended = parser->program->flags & REG_EXTENDED;
    unsigned size;
    *length = 1;
    if (p >= parser->end)
    {
        return token_end;
    }
    const bool escaped = *p == '\\';
    if (escaped)
    {
        if (p + 1 >= parser->end)
        {
            return token_error;
        }
        *length = 2;
        p++;
        static const char assertions[] = "<>bB`'";
        static const enum assertion kinds[]
            = { assert_word_start, assert_word_end, assert_word_edge, assert_no_word_edge, assert_text_start, assert_text_end };
        const char *found = strchr(assertions, *p);
        if (found != NULL && *p != '\0')
        {
            *value = kinds[found - assertions];
            return token_assertion;
        }
        if (*p >= '1' && *p <= '9')
        {
            *value = (uint32_t)(*p - '0');
            return token_back_reference;
        }
        if (*p == 'w' || *p == 'W' || *p == 's' || *p == 'S')
        {
            *value = (unsigned char)*p;
            return token_class;
        }
    }
    *value = decode(p, parser->end, &size);
    *length += size - 1;
    if (escaped != extended) // an operator of both, or in the basic form with its backslash
    {
        switch (*p)
        {
        case '(': return token_open;
        case ')': return token_close;
        case '|': return token_choice;
        case '+': return !extended && start ? token_character : token_plus;
        case '?': return !extended && start ? token_character : token_optional;
        case '{': return token_interval;
        default: break;
        }
    }
    if (escaped)
    {
        return token_character;
    }
    const char *after = p + 1;
    switch (*p)
    {
    case '.': return token_any;
    case '[': return token_bracket;
    case '*': return !extended && start ? token_character : token_star;
    case '^':
        if (!extended && !first)
        {
            return token_character;
        }
        *value = assert_line_start;
        return token_assertion;
    case '$':
        *value = assert_line_end;
        if (extended || after == parser->end
            || (after + 1 < parser->end && after[0] == '\\' && (after[1] == ')' || after[1] == '|')))
        {
            return token_assertion;
        }
        *value = '$';
        return token_character;
    default: return token_character;
    }
}

static struct node *parse_class(struct parser *parser, char letter)
{
    struct bracket *bracket = make_bracket(parser);
    struct node *node       = bracket != NULL ? make(parser, node_bracket, NULL, NULL) : NULL;
    if (node != NULL)
    {
        const bool word  = letter == 'w' || letter == 'W';
        bracket->negated = letter == 'W' || letter == 'S';
        add_class(parser, bracket, word ? class_alnum : class_space);
        if (word)
        {
            bracket->ascii['_'] = true;
        }
        node->bracket = bracket;
    }
    return node;
}

static struct node *optional(struct parser *parser, struct node *node)
{
    return make(parser, node_choice, node, make(parser, node_empty, NULL, NULL));
}

static struct node *repeat(struct parser *parser, struct node *node, bool at_least_once)
{
    struct node *made = make(parser, node_repeat, node, NULL);
    if (made != NULL)
    {
        made->at_least_once = at_least_once;
    }
    return made;
}

static int parse_count(struct parser *parser)
{
    int count = -1;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9' && count <= RE_DUP_MAX)
    {
        count = (count < 0 ? 0 : count * 10) + (*parser->at++ - '0');
    }
    return count;
}

/// Behind the {. The copies that may be left out lie in each other: x{1,3} is x(x(x)?)?.
static struct node *parse_interval(struct parser *parser, struct node *node)
{
    int least = parse_count(parser), most = least;
    if (parser->at < parser->end && *parser->at == ',')
    {
        parser->at++;
        most  = parse_count(parser);
        least = least < 0 ? 0 : least;
    }
    const bool basic = !(parser->program->flags & REG_EXTENDED);
    if (parser->at >= parser->end || (basic && parser->at + 1 >= parser->end))
    {
        parser->error = REG_EBRACE;
        return NULL;
    }
    if (least < 0 || least > RE_DUP_MAX || most > RE_DUP_MAX || (most >= 0 && least > most)
        || (basic ? parser->at[0] != '\\' || parser->at[1] != '}' : parser->at[0] != '}'))
    {
        parser->error = REG_BADBR;
        return NULL;
    }
    parser->at += basic ? 2 : 1;
    struct node *tail = NULL;
    if (most < 0)
    {
        tail = repeat(parser, node, least > 0);
        least -= least > 0;
    }
    for (int i = least; i < most; i++)
    {
        struct node *one = copy(parser, node);
        tail             = optional(parser, tail == NULL ? one : make(parser, node_sequence, one, tail));
    }
    for (int i = 0; i < least; i++)
    {
        struct node *one = copy(parser, node);
        tail             = tail == NULL ? one : make(parser, node_sequence, one, tail);
    }
    return tail == NULL ? make(parser, node_empty, NULL, NULL) : tail;
}

static struct node *parse_choice(struct parser *parser);

static struct node *parse_group(struct parser *parser)
{
    if (parser->opened == most_groups || parser->depth == most_depth)
    {
        parser->error = REG_ESPACE;
        return NULL;
    }
    const unsigned number = ++parser->opened;
    parser->depth++;
    struct node *inside = parse_choice(parser);
    parser->depth--;
    size_t length;
    uint32_t value;
    if (parser->error == 0 && peek(parser, false, false, &length, &value) != token_close)
    {
        parser->error = REG_EPAREN;
    }
    if (parser->error != 0)
    {
        return NULL;
    }
    parser->at += length;
    parser->closed[number] = true;
    struct node *node      = make(parser, node_group, inside, NULL);
    if (node != NULL)
    {
        node->number = number;
    }
    return node;
}

static struct node *parse_branch(struct parser *parser)
{
    const bool extended = parser->program->flags & REG_EXTENDED;
    struct node *first = NULL, **link = &first;
    bool start = true, repeatable = false;
    struct node **last = NULL; ///< where the element hangs that an operator would repeat
    while (parser->error == 0)
    {
        size_t length;
        uint32_t value          = 0;
        const enum token token  = peek(parser, first == NULL, start, &length, &value);
        if (token == token_end || token == token_choice || (token == token_close && (parser->depth > 0 || !extended)))
        {
            break;
        }
        parser->at += token == token_error ? 0 : length;
        struct node *node = NULL;
        switch (token)
        {
        case token_star:
        case token_plus:
        case token_optional:
        case token_interval:
            if (!repeatable)
            {
                parser->error = REG_BADRPT;
                break;
            }
            *last = token == token_interval   ? parse_interval(parser, *last)
                    : token == token_optional ? optional(parser, *last)
                                              : repeat(parser, *last, token == token_plus);
            continue;
        case token_character:
        case token_close:
            node = make(parser, node_character, NULL, NULL);
            if (node != NULL)
            {
                node->character = value;
            }
            break;
        case token_any: node = make(parser, node_any, NULL, NULL); break;
        case token_bracket: node = parse_bracket(parser); break;
        case token_class: node = parse_class(parser, (char)value); break;
        case token_open: node = parse_group(parser); break;
        case token_assertion:
            node = make(parser, node_assertion, NULL, NULL);
            if (node != NULL)
            {
                node->number = value;
            }
            break;
        case token_back_reference:
            if (!parser->closed[value])
            {
                parser->error = REG_ESUBREG;
                break;
            }
            node                             = make(parser, node_back_reference, NULL, NULL);
            parser->program->back_references = true;
            if (node != NULL)
            {
                node->number = value;
            }
            break;
        default: parser->error = REG_EESCAPE; break;
        }
        if (parser->error != 0)
        {
            break;
        }
        repeatable = token != token_assertion;
        start      = start && token == token_assertion && value == assert_line_start;
        // A sequence leans to the right; its end stays a plain node until another follows.
        if (*link == NULL)
        {
            *link = node;
            last  = link;
        }
        else
        {
            *link = make(parser, node_sequence, *link, node);
            if (*link != NULL)
            {
                last = &(*link)->right;
                link = last;
            }
        }
    }
    if (parser->error != 0)
    {
        return NULL;
    }
    return first != NULL ? first : make(parser, node_empty, NULL, NULL);
}

static struct node *parse_choice(struct parser *parser)
{
    struct node *first = parse_branch(parser), **link = &first;
    size_t length;
    uint32_t value;
    while (parser->error == 0 && peek(parser, false, false, &length, &value) == token_choice)
    {
        parser->at += length;
        struct node *branch = parse_branch(parser);
        *link               = make(parser, node_choice, *link, branch);
        if (*link != NULL)
        {
            link = &(*link)->right;
        }
    }
    return first;
}

/// Which nodes have groups below, for trees whose nodes changed after they were made.
static bool note_groups(struct node *node)
{
    bool found = false;
    struct node *spine = node;
    for (; spine != NULL; spine = spine->right)
    {
        spine->has_groups = spine->kind == node_group;
        found |= spine->has_groups;
        if (spine->left != NULL && note_groups(spine->left))
        {
            spine->has_groups = found = true;
        }
    }
    // A node also has those of its right part; on a spine it does no harm to say so for all.
    for (spine = node; found && spine != NULL; spine = spine->right)
    {
        spine->has_groups = true;
    }
    return found;
}

int __regex_parse(struct program *program, const char *pattern)
{
    struct parser parser = { .program = program, .at = pattern, .end = pattern + strlen(pattern) };
    program->root        = parse_choice(&parser);
    if (parser.error == 0 && parser.at < parser.end)
    {
        parser.error = REG_EPAREN; // a closing one too many
    }
    program->groups = parser.opened;
    if (parser.error == 0)
    {
        note_groups(program->root);
    }
    return parser.error;
}
