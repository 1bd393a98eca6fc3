#include "parser.h"

#include "shell.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token
{
    token_word,
    token_newline,
    token_end,
    token_semicolon,
    token_double_semicolon,
    token_semicolon_ampersand,
    token_ampersand,
    token_and,
    token_or,
    token_pipe,
    token_open,
    token_close,
    token_redirection, ///< kind and descriptor are in the parser
};

enum
{
    deepest_nesting = 200,
    deepest_alias   = 16,
};

/// Within its own text an alias means nothing.
struct active_alias
{
    char  *name;
    size_t end; ///< of its text in the source
};

struct parser
{
    struct source      *source;
    struct arena       *arena;
    enum token          token;
    char               *text;       ///< of a word
    size_t              start;      ///< where the token begins in the source
    struct redirection  redirection; ///< of a redirection token
    bool                strips_tabs;
    struct redirection *here_documents; ///< whose contents follow the line
    struct active_alias aliases[deepest_alias]; ///< whose text the source stands in
    size_t              alias_count;
    int                 depth;
    jmp_buf             failure;
};

static void         advance(struct parser *parser);
static struct node *parse_list(struct parser *parser);
static struct node *parse_and_or(struct parser *parser);

static _Noreturn void fail(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_at(parser->source->line, format, arguments);
    va_end(arguments);
    longjmp(parser->failure, 1);
}

// ---- Words ---------------------------------------------------------------------------------------------------------

static void take_expansion(struct parser *parser, bool in_quotes);

static void take_single_quotes(struct parser *parser)
{
    source_next(parser->source);
    for (int character; (character = source_next(parser->source)) != '\'';)
    {
        if (character == end_of_source)
        {
            fail(parser, "a single quote is not closed");
        }
    }
}

static void take_escaped(struct parser *parser)
{
    source_next(parser->source);
    source_next(parser->source);
}

static void take_double_quotes(struct parser *parser)
{
    source_next(parser->source);
    for (;;)
    {
        switch (source_peek(parser->source))
        {
            case end_of_source: fail(parser, "a double quote is not closed");
            case '"': source_next(parser->source); return;
            case '\\': take_escaped(parser); break;
            case '$':
            case '`': take_expansion(parser, true); break;
            default: source_next(parser->source);
        }
    }
}

static void take_backquotes(struct parser *parser)
{
    source_next(parser->source);
    for (;;)
    {
        switch (source_peek(parser->source))
        {
            case end_of_source: fail(parser, "a backquote is not closed");
            case '`': source_next(parser->source); return;
            case '\\': take_escaped(parser); break;
            default: source_next(parser->source);
        }
    }
}

static void take_braces(struct parser *parser, bool in_quotes)
{
    for (;;)
    {
        switch (source_peek(parser->source))
        {
            case end_of_source: fail(parser, "${ is not closed");
            case '}': source_next(parser->source); return;
            case '\\': take_escaped(parser); break;
            case '\'':
                if (in_quotes)
                {
                    source_next(parser->source);
                }
                else
                {
                    take_single_quotes(parser);
                }
                break;
            case '"': take_double_quotes(parser); break;
            case '$':
            case '`': take_expansion(parser, in_quotes); break;
            default: source_next(parser->source);
        }
    }
}

/// After `$((`, up to the matching `))`.
static void take_arithmetic(struct parser *parser)
{
    for (int open = 0;;)
    {
        switch (source_peek(parser->source))
        {
            case end_of_source: fail(parser, "$(( is not closed");
            case '\\': take_escaped(parser); continue;
            case '$':
            case '`': take_expansion(parser, true); continue;
            case '(': ++open; break;
            case ')':
                if (open == 0)
                {
                    source_next(parser->source);
                    if (source_next(parser->source) != ')')
                    {
                        fail(parser, "$(( is closed by a single )");
                    }
                    return;
                }
                --open;
                break;
            default: break;
        }
        source_next(parser->source);
    }
}

/// After `$(`: only the grammar tells where it ends. What is parsed here is thrown away.
static void take_command(struct parser *parser)
{
    struct parser inner = { .source = parser->source, .arena = arena_new(), .depth = parser->depth + 1 };
    if (inner.depth > deepest_nesting)
    {
        arena_free(inner.arena);
        fail(parser, "nested too deeply");
    }
    if (setjmp(inner.failure) != 0)
    {
        arena_free(inner.arena);
        longjmp(parser->failure, 1);
    }
    advance(&inner);
    parse_list(&inner);
    if (inner.token != token_close)
    {
        fail(&inner, "$( is not closed");
    }
    arena_free(inner.arena);
}

static bool is_name_start(int character)
{
    return character == '_' || isalpha(character);
}

static void take_expansion(struct parser *parser, bool in_quotes)
{
    if (source_peek(parser->source) == '`')
    {
        take_backquotes(parser);
        return;
    }
    source_next(parser->source);
    switch (source_peek(parser->source))
    {
        case '{':
            source_next(parser->source);
            take_braces(parser, in_quotes);
            return;
        case '(':
            source_next(parser->source);
            if (source_peek(parser->source) == '(')
            {
                source_next(parser->source);
                take_arithmetic(parser);
            }
            else
            {
                take_command(parser);
            }
            return;
        default: return; // a name, a special parameter or nothing: ordinary characters
    }
}

size_t length_of_expansion(const char *text)
{
    struct source source;
    source_from_text(&source, text);
    struct parser parser = { .source = &source };
    volatile size_t length = 0;
    if (setjmp(parser.failure) == 0)
    {
        take_expansion(&parser, true);
        length = source.position;
    }
    source_free(&source);
    return length;
}

static void read_word(struct parser *parser)
{
    for (;;)
    {
        switch (source_peek(parser->source))
        {
            case end_of_source:
            case ' ':
            case '\t':
            case '\n':
            case ';':
            case '&':
            case '|':
            case '<':
            case '>':
            case '(':
            case ')':
                parser->token = token_word;
                parser->text  = arena_copy(parser->arena, parser->source->buffer.chars + parser->start,
                     parser->source->position - parser->start);
                return;
            case '\'': take_single_quotes(parser); break;
            case '"': take_double_quotes(parser); break;
            case '\\': take_escaped(parser); break;
            case '$':
            case '`': take_expansion(parser, false); break;
            default: source_next(parser->source);
        }
    }
}

// ---- Here-documents ------------------------------------------------------------------------------------------------

/// The delimiter without its quotes; `*quoted` tells whether there were any.
static char *delimiter_of(const char *word, bool *quoted)
{
    struct text plain = { 0 };
    for (const char *next = word; *next != '\0'; ++next)
    {
        if (*next == '\'' || *next == '"')
        {
            *quoted = true;
        }
        else
        {
            if (*next == '\\' && next[1] != '\0')
            {
                *quoted = true;
                ++next;
            }
            text_add_character(&plain, *next);
        }
    }
    return text_take(&plain);
}

static void read_here_document(struct parser *parser, struct redirection *here)
{
    bool        quoted    = false;
    char       *delimiter = delimiter_of(here->target, &quoted);
    struct text contents  = { 0 };
    struct text line      = { 0 };
    bool        ended     = false;
    while (!ended)
    {
        text_clear(&line);
        int character = source_next(parser->source);
        while (here->clobbers && character == '\t') // <<- borrows this flag while parsing
        {
            character = source_next(parser->source);
        }
        for (; character != '\n' && character != end_of_source; character = source_next(parser->source))
        {
            text_add_character(&line, (char)character);
            // What a backslash stands before, be it a newline, is looked at by nobody else.
            if (character == '\\' && !quoted && source_peek(parser->source) != end_of_source)
            {
                text_add_character(&line, (char)source_next(parser->source));
            }
        }
        const char *text = line.chars != NULL ? line.chars : "";
        ended            = strcmp(text, delimiter) == 0 || (character == end_of_source && line.length == 0);
        if (!ended)
        {
            text_add(&contents, text);
            text_add_character(&contents, '\n');
        }
        ended = ended || character == end_of_source;
    }
    here->is_literal = quoted;
    here->clobbers   = false;
    here->target     = arena_copy(parser->arena, contents.chars != NULL ? contents.chars : "", contents.length);
    text_free(&contents);
    text_free(&line);
    free(delimiter);
}

static void read_here_documents(struct parser *parser)
{
    while (parser->here_documents != NULL)
    {
        struct redirection *here = parser->here_documents;
        parser->here_documents   = here->next_here_document;
        read_here_document(parser, here);
    }
}

// ---- Tokens --------------------------------------------------------------------------------------------------------

static void skip_blanks(struct source *source)
{
    for (;;)
    {
        const int character = source_peek(source);
        if (character == ' ' || character == '\t')
        {
            source_next(source);
        }
        else if (character == '\\')
        {
            source_next(source);
            if (source_peek(source) != '\n')
            {
                --source->position;
                return;
            }
            source_next(source);
        }
        else if (character == '#')
        {
            while (source_peek(source) != '\n' && source_peek(source) != end_of_source)
            {
                source_next(source);
            }
        }
        else
        {
            return;
        }
    }
}

/// Takes the next character if it is that one.
static bool follows(struct parser *parser, char wanted)
{
    if (source_peek(parser->source) != wanted)
    {
        return false;
    }
    source_next(parser->source);
    return true;
}

static void set_redirection(struct parser *parser, enum redirection_kind kind, int descriptor)
{
    parser->token       = token_redirection;
    parser->redirection = (struct redirection) {
        .kind = kind, .descriptor = descriptor, .line = parser->source->line };
}

static void read_input_operator(struct parser *parser, int descriptor)
{
    if (follows(parser, '<'))
    {
        set_redirection(parser, redirect_here, descriptor < 0 ? 0 : descriptor);
        parser->redirection.clobbers = follows(parser, '-');
    }
    else if (follows(parser, '&'))
    {
        set_redirection(parser, redirect_copy, descriptor < 0 ? 0 : descriptor);
    }
    else if (follows(parser, '>'))
    {
        set_redirection(parser, redirect_read_write, descriptor < 0 ? 0 : descriptor);
    }
    else
    {
        set_redirection(parser, redirect_input, descriptor < 0 ? 0 : descriptor);
    }
}

static void read_output_operator(struct parser *parser, int descriptor)
{
    descriptor = descriptor < 0 ? 1 : descriptor;
    if (follows(parser, '>'))
    {
        set_redirection(parser, redirect_append, descriptor);
    }
    else if (follows(parser, '&'))
    {
        set_redirection(parser, redirect_copy, descriptor);
    }
    else
    {
        set_redirection(parser, redirect_output, descriptor);
        parser->redirection.clobbers = follows(parser, '|');
    }
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 3;
}

/// Reads the next token into the parser.
static void advance(struct parser *parser)
{
    skip_blanks(parser->source);
    parser->start       = parser->source->position;
    const int character = source_peek(parser->source);
    switch (character)
    {
        case end_of_source:
            read_here_documents(parser);
            parser->token = token_end;
            return;
        case '\n':
            source_next(parser->source);
            read_here_documents(parser);
            parser->token = token_newline;
            return;
        case ';':
            source_next(parser->source);
            parser->token = follows(parser, ';') ? token_double_semicolon
                : follows(parser, '&')           ? token_semicolon_ampersand
                                                 : token_semicolon;
            return;
        case '&':
            source_next(parser->source);
            parser->token = follows(parser, '&') ? token_and : token_ampersand;
            return;
        case '|':
            source_next(parser->source);
            parser->token = follows(parser, '|') ? token_or : token_pipe;
            return;
        case '(': source_next(parser->source); parser->token = token_open; return;
        case ')': source_next(parser->source); parser->token = token_close; return;
        case '<': source_next(parser->source); read_input_operator(parser, -1); return;
        case '>': source_next(parser->source); read_output_operator(parser, -1); return;
        default: break;
    }
    read_word(parser);
    const int after = source_peek(parser->source);
    if ((after == '<' || after == '>') && is_number(parser->text))
    {
        source_next(parser->source);
        const int descriptor = atoi(parser->text);
        if (after == '<')
        {
            read_input_operator(parser, descriptor);
        }
        else
        {
            read_output_operator(parser, descriptor);
        }
    }
}

static const char *name_of_token(const struct parser *parser)
{
    switch (parser->token)
    {
        case token_word: return parser->text;
        case token_newline: return "end of line";
        case token_end: return "end of input";
        case token_semicolon: return ";";
        case token_double_semicolon: return ";;";
        case token_semicolon_ampersand: return ";&";
        case token_ampersand: return "&";
        case token_and: return "&&";
        case token_or: return "||";
        case token_pipe: return "|";
        case token_open: return "(";
        case token_close: return ")";
        case token_redirection: return "redirection";
    }
    return "?";
}

static _Noreturn void unexpected(struct parser *parser)
{
    fail(parser, "syntax error: unexpected %s", name_of_token(parser));
}

static bool is_reserved(const struct parser *parser, const char *word)
{
    return parser->token == token_word && strcmp(parser->text, word) == 0;
}

static void expect_reserved(struct parser *parser, const char *word)
{
    if (!is_reserved(parser, word))
    {
        fail(parser, "syntax error: %s expected, not %s", word, name_of_token(parser));
    }
    advance(parser);
}

static void skip_newlines(struct parser *parser)
{
    while (parser->token == token_newline)
    {
        advance(parser);
    }
}

static bool ends_list(const struct parser *parser)
{
    static const char *const closing[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}" };
    for (size_t i = 0; i < sizeof closing / sizeof closing[0]; ++i)
    {
        if (is_reserved(parser, closing[i]))
        {
            return true;
        }
    }
    return parser->token == token_end || parser->token == token_close || parser->token == token_double_semicolon
        || parser->token == token_semicolon_ampersand;
}

// ---- Commands ------------------------------------------------------------------------------------------------------

static struct node *new_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_allocate(parser->arena, sizeof *node);
    *node             = (struct node) { .kind = kind, .line = parser->source->line };
    return node;
}

static struct node *join(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
    struct node *node = new_node(parser, kind);
    node->left        = left;
    node->right       = right;
    return node;
}

static struct word **add_word(struct parser *parser, struct word **end)
{
    struct word *word = arena_allocate(parser->arena, sizeof *word);
    *word             = (struct word) { .text = parser->text };
    *end              = word;
    return &word->next;
}

static struct redirection **parse_redirection(struct parser *parser, struct redirection **end)
{
    struct redirection *redirection = arena_allocate(parser->arena, sizeof *redirection);
    *redirection                    = parser->redirection;
    advance(parser);
    if (parser->token != token_word)
    {
        unexpected(parser);
    }
    redirection->target = parser->text;
    *end                = redirection;
    if (redirection->kind == redirect_here)
    {
        struct redirection **last = &parser->here_documents;
        while (*last != NULL)
        {
            last = &(*last)->next_here_document;
        }
        *last = redirection;
    }
    advance(parser);
    return &redirection->next;
}

static struct redirection **parse_redirections(struct parser *parser, struct redirection **end)
{
    while (parser->token == token_redirection)
    {
        end = parse_redirection(parser, end);
    }
    return end;
}

static bool is_assignment(const char *text)
{
    if (!is_name_start((unsigned char)*text))
    {
        return false;
    }
    while (*text == '_' || isalnum((unsigned char)*text))
    {
        ++text;
    }
    return *text == '=';
}

static bool is_name(const char *text)
{
    if (!is_name_start((unsigned char)*text))
    {
        return false;
    }
    while (*text == '_' || isalnum((unsigned char)*text))
    {
        ++text;
    }
    return *text == '\0';
}

static bool is_active_alias(const struct parser *parser, const char *name)
{
    for (size_t i = 0; i < parser->alias_count; ++i)
    {
        if (parser->start < parser->aliases[i].end && strcmp(parser->aliases[i].name, name) == 0)
        {
            return true;
        }
    }
    return false;
}

/// If the word is an alias, puts its text in its place and reads the first token of that.
static bool replace_alias(struct parser *parser)
{
    if (parser->token != token_word || is_active_alias(parser, parser->text))
    {
        return false;
    }
    const char *replacement = find_alias(parser->text);
    if (replacement == NULL)
    {
        return false;
    }
    while (parser->alias_count != 0 && parser->aliases[parser->alias_count - 1].end <= parser->start)
    {
        --parser->alias_count;
    }
    if (parser->alias_count == deepest_alias)
    {
        fail(parser, "%s: aliases nested too deeply", parser->text);
    }
    const size_t length = strlen(replacement);
    for (size_t i = 0; i < parser->alias_count; ++i)
    {
        parser->aliases[i].end += length - strlen(parser->text);
    }
    parser->aliases[parser->alias_count++] = (struct active_alias) { parser->text, parser->start + length };
    source_replace(parser->source, parser->start, replacement);
    advance(parser);
    return true;
}

static struct node *parse_compound(struct parser *parser);

static struct node *parse_function(struct parser *parser, char *name)
{
    advance(parser);
    if (parser->token != token_close)
    {
        unexpected(parser);
    }
    advance(parser);
    skip_newlines(parser);
    struct node *node = new_node(parser, node_function);
    node->name        = name;
    node->arena       = parser->arena;
    node->left        = parse_compound(parser);
    if (node->left == NULL)
    {
        fail(parser, "syntax error: the body of %s is no compound command", name);
    }
    parse_redirections(parser, &node->left->redirections);
    return node;
}

static struct node *parse_simple(struct parser *parser)
{
    struct node         *node         = new_node(parser, node_simple);
    struct word        **words        = &node->words;
    struct redirection **redirections = &node->redirections;
    bool                 has_command  = false;
    for (;;)
    {
        if (parser->token == token_redirection)
        {
            redirections = parse_redirection(parser, redirections);
        }
        else if (parser->token == token_word)
        {
            if (!has_command && replace_alias(parser))
            {
                continue;
            }
            has_command     = has_command || !is_assignment(parser->text);
            char *text      = parser->text;
            const bool first = words == &node->words;
            words           = add_word(parser, words);
            advance(parser);
            if (first && parser->token == token_open && is_name(text))
            {
                return parse_function(parser, text);
            }
        }
        else
        {
            break;
        }
    }
    if (node->words == NULL && node->redirections == NULL)
    {
        unexpected(parser);
    }
    return node;
}

static struct node *parse_required_list(struct parser *parser)
{
    struct node *list = parse_list(parser);
    if (list == NULL)
    {
        unexpected(parser);
    }
    return list;
}

/// After `if` or `elif`.
static struct node *parse_if(struct parser *parser)
{
    struct node *node = new_node(parser, node_if);
    advance(parser);
    node->condition = parse_required_list(parser);
    expect_reserved(parser, "then");
    node->left = parse_required_list(parser);
    if (is_reserved(parser, "elif"))
    {
        node->right = parse_if(parser);
        return node;
    }
    if (is_reserved(parser, "else"))
    {
        advance(parser);
        node->right = parse_required_list(parser);
    }
    expect_reserved(parser, "fi");
    return node;
}

static struct node *parse_loop_body(struct parser *parser)
{
    expect_reserved(parser, "do");
    struct node *body = parse_required_list(parser);
    expect_reserved(parser, "done");
    return body;
}

static struct node *parse_while(struct parser *parser, enum node_kind kind)
{
    struct node *node = new_node(parser, kind);
    advance(parser);
    node->condition = parse_required_list(parser);
    node->left      = parse_loop_body(parser);
    return node;
}

static struct node *parse_for(struct parser *parser)
{
    struct node *node = new_node(parser, node_for);
    advance(parser);
    if (parser->token != token_word || !is_name(parser->text))
    {
        fail(parser, "syntax error: for needs a name, not %s", name_of_token(parser));
    }
    node->name = parser->text;
    advance(parser);
    skip_newlines(parser);
    if (is_reserved(parser, "in"))
    {
        node->has_words = true;
        advance(parser);
        for (struct word **end = &node->words; parser->token == token_word; advance(parser))
        {
            end = add_word(parser, end);
        }
    }
    if (parser->token == token_semicolon)
    {
        advance(parser);
    }
    skip_newlines(parser);
    node->left = parse_loop_body(parser);
    return node;
}

static struct case_item *parse_case_item(struct parser *parser)
{
    struct case_item *item = arena_allocate(parser->arena, sizeof *item);
    *item                  = (struct case_item) { 0 };
    if (parser->token == token_open)
    {
        advance(parser);
    }
    for (struct word **end = &item->patterns;;)
    {
        if (parser->token != token_word)
        {
            unexpected(parser);
        }
        end = add_word(parser, end);
        advance(parser);
        if (parser->token == token_close)
        {
            break;
        }
        if (parser->token != token_pipe)
        {
            unexpected(parser);
        }
        advance(parser);
    }
    advance(parser);
    item->body = parse_list(parser);
    if (parser->token == token_double_semicolon || parser->token == token_semicolon_ampersand)
    {
        item->falls_through = parser->token == token_semicolon_ampersand;
        advance(parser);
        skip_newlines(parser);
    }
    else if (!is_reserved(parser, "esac"))
    {
        unexpected(parser);
    }
    return item;
}

static struct node *parse_case(struct parser *parser)
{
    struct node *node = new_node(parser, node_case);
    advance(parser);
    if (parser->token != token_word)
    {
        unexpected(parser);
    }
    node->name = parser->text;
    advance(parser);
    skip_newlines(parser);
    expect_reserved(parser, "in");
    skip_newlines(parser);
    for (struct case_item **end = &node->items; !is_reserved(parser, "esac"); end = &(*end)->next)
    {
        *end = parse_case_item(parser);
    }
    advance(parser);
    return node;
}

static struct node *parse_bracketed(struct parser *parser, enum node_kind kind)
{
    struct node *node = new_node(parser, kind);
    advance(parser);
    node->left = parse_required_list(parser);
    if (kind == node_group)
    {
        expect_reserved(parser, "}");
    }
    else if (parser->token != token_close)
    {
        unexpected(parser);
    }
    else
    {
        advance(parser);
    }
    return node;
}

/// A compound command, or NULL if the token begins none.
static struct node *parse_compound(struct parser *parser)
{
    if (++parser->depth > deepest_nesting)
    {
        fail(parser, "nested too deeply");
    }
    struct node *node = NULL;
    if (parser->token == token_open)
    {
        node = parse_bracketed(parser, node_subshell);
    }
    else if (is_reserved(parser, "{"))
    {
        node = parse_bracketed(parser, node_group);
    }
    else if (is_reserved(parser, "if"))
    {
        node = parse_if(parser);
    }
    else if (is_reserved(parser, "while"))
    {
        node = parse_while(parser, node_while);
    }
    else if (is_reserved(parser, "until"))
    {
        node = parse_while(parser, node_until);
    }
    else if (is_reserved(parser, "for"))
    {
        node = parse_for(parser);
    }
    else if (is_reserved(parser, "case"))
    {
        node = parse_case(parser);
    }
    --parser->depth;
    return node;
}

static struct node *parse_command(struct parser *parser)
{
    while (replace_alias(parser))
    {
    }
    struct node *node = parse_compound(parser);
    if (node == NULL)
    {
        return parse_simple(parser);
    }
    parse_redirections(parser, &node->redirections);
    return node;
}

static struct node *parse_pipeline(struct parser *parser)
{
    bool negated = false;
    while (is_reserved(parser, "!"))
    {
        negated = !negated;
        advance(parser);
    }
    struct node *first = parse_command(parser);
    if (parser->token != token_pipe && !negated)
    {
        return first;
    }
    struct node *node = new_node(parser, node_pipeline);
    node->negated     = negated;
    node->left        = first;
    for (struct node *last = first; parser->token == token_pipe; last = last->next)
    {
        advance(parser);
        skip_newlines(parser);
        last->next = parse_command(parser);
    }
    return node;
}

static struct node *parse_and_or(struct parser *parser)
{
    struct node *left = parse_pipeline(parser);
    while (parser->token == token_and || parser->token == token_or)
    {
        const enum node_kind kind = parser->token == token_and ? node_and : node_or;
        advance(parser);
        skip_newlines(parser);
        left = join(parser, kind, left, parse_pipeline(parser));
    }
    return left;
}

/// Commands up to a closing word or parenthesis; NULL if there are none.
static struct node *parse_list(struct parser *parser)
{
    struct node *list = NULL;
    for (;;)
    {
        skip_newlines(parser);
        if (ends_list(parser))
        {
            return list;
        }
        struct node *command = parse_and_or(parser);
        if (parser->token == token_ampersand)
        {
            command = join(parser, node_background, command, NULL);
        }
        list = list == NULL ? command : join(parser, node_sequence, list, command);
        if (parser->token != token_ampersand && parser->token != token_semicolon && parser->token != token_newline)
        {
            if (!ends_list(parser))
            {
                unexpected(parser);
            }
            return list;
        }
        advance(parser);
    }
}

enum parse_result parse(struct source *source, struct arena *arena, struct node **node)
{
    *node                = NULL;
    struct parser parser = { .source = source, .arena = arena };
    if (setjmp(parser.failure) != 0)
    {
        source_drop_line(source);
        return parse_error;
    }
    advance(&parser);
    if (parser.token == token_end)
    {
        return parse_end;
    }
    struct node *list = NULL;
    while (parser.token != token_newline && parser.token != token_end)
    {
        struct node *command = parse_and_or(&parser);
        if (parser.token == token_ampersand)
        {
            command = join(&parser, node_background, command, NULL);
        }
        list = list == NULL ? command : join(&parser, node_sequence, list, command);
        if (parser.token == token_ampersand || parser.token == token_semicolon)
        {
            advance(&parser);
        }
        else if (parser.token != token_newline && parser.token != token_end)
        {
            unexpected(&parser);
        }
    }
    *node = list;
    return parse_command_line;
}
