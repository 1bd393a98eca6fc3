// Options on the command line.
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt = '?';

static const char *rest; ///< of a word of several short options
static int first_operand, last_operand; ///< words passed over, which go behind the options

enum order
{
    order_permute,
    order_stop,      ///< the first operand ends the options
    order_in_places, ///< an operand is the argument of option 1
};

/// Moves the operands in [first_operand, last_operand) behind the options in [last_operand, optind).
static void move_operands(char **words)
{
    const int operands = last_operand - first_operand, options = optind - last_operand;
    for (int i = 0; i < options && operands > 0; i++)
    {
        char *option = words[last_operand + i];
        memmove(words + first_operand + i + 1, words + first_operand + i, (size_t)operands * sizeof *words);
        words[first_operand + i] = option;
    }
    first_operand += options;
    last_operand = optind;
}

static void complain(const char *program, const char *message, const char *prefix, const char *name, size_t length)
{
    if (opterr)
    {
        fprintf(stderr, "%s: %s '%s%.*s'\n", program, message, prefix, (int)length, name);
    }
}

/// The long option that the word `name` (without its dashes) is, or -1; an abbreviation must fit one only.
static int find_long(const struct option *options, const char *name, size_t length, bool *ambiguous)
{
    int found  = -1;
    *ambiguous = false;
    for (int i = 0; options[i].name != NULL; i++)
    {
        if (strncmp(options[i].name, name, length) != 0)
        {
            continue;
        }
        if (options[i].name[length] == '\0')
        {
            *ambiguous = false;
            return i;
        }
        if (found < 0)
        {
            found = i;
        }
        else if (options[found].has_arg != options[i].has_arg || options[found].flag != options[i].flag
                 || options[found].val != options[i].val)
        {
            *ambiguous = true;
        }
    }
    return found;
}

static int take_long(int count, char **words, const char *prefix, const char *name, const struct option *options,
    int found, int *index, bool colon)
{
    const size_t length         = strcspn(name, "=");
    const struct option *option = &options[found];
    optind++;
    if (name[length] == '=')
    {
        if (option->has_arg == no_argument)
        {
            if (opterr && !colon)
            {
                fprintf(stderr, "%s: option '%s%s' doesn't allow an argument\n", words[0], prefix, option->name);
            }
            optopt = option->val;
            return '?';
        }
        optarg = (char *)name + length + 1;
    }
    else if (option->has_arg == required_argument)
    {
        if (optind >= count)
        {
            if (!colon && opterr)
            {
                fprintf(stderr, "%s: option '%s%s' requires an argument\n", words[0], prefix, option->name);
            }
            optopt = option->val;
            return colon ? ':' : '?';
        }
        optarg = words[optind++];
    }
    if (index != NULL)
    {
        *index = found;
    }
    if (option->flag != NULL)
    {
        *option->flag = option->val;
        return 0;
    }
    return option->val;
}

static int take_short(int count, char **words, const char *shorts, bool colon)
{
    const char letter   = *rest++;
    const char *option  = letter == ':' || letter == ';' ? NULL : strchr(shorts, letter);
    if (*rest == '\0')
    {
        rest = NULL;
        optind++;
    }
    if (option == NULL)
    {
        optopt = (unsigned char)letter;
        if (opterr && !colon)
        {
            fprintf(stderr, "%s: invalid option -- '%c'\n", words[0], letter);
        }
        return '?';
    }
    if (option[1] == ':')
    {
        if (rest != NULL)
        {
            optarg = (char *)rest;
            rest   = NULL;
            optind++;
        }
        else if (option[2] != ':')
        {
            if (optind >= count)
            {
                optopt = (unsigned char)letter;
                if (opterr && !colon)
                {
                    fprintf(stderr, "%s: option requires an argument -- '%c'\n", words[0], letter);
                }
                return colon ? ':' : '?';
            }
            optarg = words[optind++];
        }
    }
    return (unsigned char)letter;
}

static int next_option(int count, char **words, const char *shorts, const struct option *longs, int *index,
    bool one_dash)
{
    optarg = NULL;
    if (count < 1)
    {
        return -1;
    }
    if (optind == 0)
    {
        optind = 1;
        rest   = NULL;
        first_operand = last_operand = 1;
    }
    enum order order = getenv("POSIXLY_CORRECT") != NULL ? order_stop : order_permute;
    if (*shorts == '+' || *shorts == '-')
    {
        order = *shorts++ == '+' ? order_stop : order_in_places;
    }
    const bool colon = *shorts == ':';
    if (rest == NULL)
    {
        if (last_operand > optind || last_operand == 0) // a new scan
        {
            first_operand = last_operand = optind;
        }
        if (order == order_permute)
        {
            if (first_operand != last_operand && last_operand != optind)
            {
                move_operands(words);
            }
            else if (last_operand != optind)
            {
                first_operand = optind;
            }
            while (optind < count && (words[optind][0] != '-' || words[optind][1] == '\0'))
            {
                optind++;
            }
            last_operand = optind;
        }
        if (optind < count && strcmp(words[optind], "--") == 0)
        {
            optind++;
            if (first_operand != last_operand && last_operand != optind)
            {
                move_operands(words);
            }
            else if (first_operand == last_operand)
            {
                first_operand = optind;
            }
            last_operand = count;
            optind       = count;
        }
        if (optind >= count)
        {
            if (first_operand != last_operand)
            {
                optind = first_operand;
            }
            return -1;
        }
        char *word = words[optind];
        if (word[0] != '-' || word[1] == '\0')
        {
            if (order == order_stop)
            {
                return -1;
            }
            optarg = word;
            optind++;
            return 1;
        }
        const bool two_dashes = longs != NULL && word[1] == '-';
        if (two_dashes || (longs != NULL && one_dash && (word[2] != '\0' || strchr(shorts, word[1]) == NULL)))
        {
            const char *name    = word + 1 + two_dashes;
            const char *prefix  = two_dashes ? "--" : "-";
            const size_t length = strcspn(name, "=");
            bool ambiguous;
            const int found = find_long(longs, name, length, &ambiguous);
            if (ambiguous)
            {
                if (opterr && !colon)
                {
                    fprintf(stderr, "%s: option '%s%s' is ambiguous; possibilities:", words[0], prefix, name);
                    for (int i = 0; longs[i].name != NULL; i++)
                    {
                        if (strncmp(longs[i].name, name, length) == 0)
                        {
                            fprintf(stderr, " '%s%s'", prefix, longs[i].name);
                        }
                    }
                    fputc('\n', stderr);
                }
                optind++;
                optopt = 0;
                return '?';
            }
            if (found >= 0)
            {
                return take_long(count, words, prefix, name, longs, found, index, colon);
            }
            if (two_dashes || strchr(shorts, word[1]) == NULL)
            {
                if (!colon)
                {
                    complain(words[0], "unrecognized option", prefix, name, strlen(name));
                }
                optind++;
                optopt = 0;
                return '?';
            }
        }
        rest = word + 1;
    }
    return take_short(count, words, shorts, colon);
}

int getopt(int count, char *const words[], const char *shorts)
{
    return next_option(count, (char **)words, shorts, NULL, NULL, false);
}

int getopt_long(int count, char *const *words, const char *shorts, const struct option *longs, int *index)
{
    return next_option(count, (char **)words, shorts, longs, index, false);
}

int getopt_long_only(int count, char *const *words, const char *shorts, const struct option *longs, int *index)
{
    return next_option(count, (char **)words, shorts, longs, index, true);
}

int getsubopt(char **text, char *const *tokens, char **value)
{
    char *word = *text;
    char *end  = word + strcspn(word, ",");
    *text      = *end == ',' ? end + 1 : end;
    *end       = '\0';
    char *equals        = strchr(word, '=');
    const size_t length = equals != NULL ? (size_t)(equals - word) : (size_t)(end - word);
    for (int i = 0; tokens[i] != NULL; i++)
    {
        if (strlen(tokens[i]) == length && strncmp(tokens[i], word, length) == 0)
        {
            *value = equals != NULL ? equals + 1 : NULL;
            return i;
        }
    }
    *value = word;
    return -1;
}
