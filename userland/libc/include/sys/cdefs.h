#ifndef _SYS_CDEFS_H
#define _SYS_CDEFS_H
#include <bits/c.h>
#define __BEGIN_DECLS __C_BEGIN
#define __END_DECLS __C_END
#endif
