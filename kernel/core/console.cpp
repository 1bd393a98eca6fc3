#include "console.hpp"

namespace a9n::console
{
    void print_one(word value)
    {
        char  digits[21];
        char* at = digits + sizeof(digits) - 1;
        *at      = '\0';
        do
        {
            *--at = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0);
        print_one(static_cast<const char*>(at));
    }

    void print_one(hex value)
    {
        char digits[19] = "0x0000000000000000";
        for (word i = 0; i < 16; i++)
        {
            digits[17 - i] = "0123456789abcdef"[value.value >> (4 * i) & 15];
        }
        print_one(static_cast<const char*>(digits));
    }
}
