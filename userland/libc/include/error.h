#ifndef _ERROR_H
#define _ERROR_H
#include <bits/c.h>
__C_BEGIN
extern unsigned int error_message_count;
void error(int, int, const char *, ...) __PRINTF(3, 4);
__C_END
#endif
