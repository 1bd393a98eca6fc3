// tools: small tools in one program, which does what the name it is called by says. `tools NAME [ARGUMENT…]` does too, `tools` lists them.
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOR_EACH_TOOL(tool)                                                                                                      \
    tool(base64) tool(basename) tool(cat) tool(chmod) tool(clear) tool(cmp) tool(comm) tool(cp) tool(cut) tool(date)             \
    tool(dirname) tool(env) tool(expr) tool(false) tool(find) tool(grep) tool(head) tool(hexdump) tool(hostname) tool(id)        \
    tool(kill) tool(ln) tool(ls) tool(mkdir) tool(mktemp) tool(mv) tool(paste) tool(pwd) tool(readlink) tool(realpath)           \
    tool(rm) tool(rmdir) tool(sed) tool(seq) tool(sha256sum) tool(sleep) tool(sort) tool(strings) tool(tail) tool(tee)           \
    tool(time) tool(timeout) tool(touch) tool(tr) tool(true) tool(uname) tool(uniq) tool(wc) tool(which) tool(xargs) tool(yes)

#define DECLARE(name) tool_function name##_tool;
FOR_EACH_TOOL(DECLARE)

#define ENTRY(name) { #name, name##_tool },
static const struct
{
    const char    *name;
    tool_function *function;
} tools[] = { FOR_EACH_TOOL(ENTRY) };

tool_function *tool_named(const char *name)
{
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; ++i)
    {
        if (strcmp(tools[i].name, name) == 0)
        {
            return tools[i].function;
        }
    }
    return NULL;
}

int main(int count, char **arguments)
{
    if (count == 0)
    {
        return 2;
    }
    const char *slash = strrchr(arguments[0], '/');
    const char *name  = slash != NULL ? slash + 1 : arguments[0];
    if (strcmp(name, "tools") == 0 && count > 1)
    {
        name = *++arguments;
        --count;
    }
    tool_function *const function = tool_named(name);
    if (function == NULL)
    {
        if (strcmp(name, "tools") != 0)
        {
            return complain("%s: no such tool; `tools` lists them", name);
        }
        for (size_t i = 0; i < sizeof tools / sizeof tools[0]; ++i)
        {
            puts(tools[i].name);
        }
        return 0;
    }
    tool_name        = name;
    arguments[0]     = (char *)name; // getopt's messages begin with it
    const int status = function(count, arguments);
    if (ferror(stdout) != 0 || fflush(stdout) != 0)
    {
        return complain_about("standard output");
    }
    return status;
}
