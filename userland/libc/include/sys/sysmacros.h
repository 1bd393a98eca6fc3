#ifndef _SYS_SYSMACROS_H
#define _SYS_SYSMACROS_H
#define major(device) ((unsigned int)(((device) >> 8 & 0xfff) | ((device) >> 32 & 0xfffff000)))
#define minor(device) ((unsigned int)(((device)&0xff) | ((device) >> 12 & 0xffffff00)))
#define makedev(major_, minor_)                                                                                        \
    (((unsigned long)(major_)&0xfff) << 8 | ((unsigned long)(major_)&0xfffff000) << 32 |                               \
     ((unsigned long)(minor_)&0xff) | ((unsigned long)(minor_)&0xffffff00) << 12)
#endif
