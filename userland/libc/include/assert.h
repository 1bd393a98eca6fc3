/* May be included again with another NDEBUG. */
#include <bits/c.h>

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#if !defined(__cplusplus) && !defined(static_assert)
#define static_assert _Static_assert
#endif

__C_BEGIN
__NORETURN void __assert_fail(const char *, const char *, int, const char *);
__C_END
