#ifndef _BITS_WINDOW_SIZE_H
#define _BITS_WINDOW_SIZE_H
struct winsize
{
    unsigned short ws_row;
    unsigned short ws_col;
    unsigned short ws_xpixel;
    unsigned short ws_ypixel;
};
#endif
