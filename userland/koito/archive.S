/* The manifest and the programs KOITO starts, as a tar archive in ustar format (POSIX.1-2017, utility pax, "ustar Interchange Format").
   Written here and not by a tool, so that it does not tell who built it when: every build has the same bytes. */

#define BLOCK 512
#define OCTAL_DIGIT(value, shift) (((value) >> (shift)) & 7)

/* The checksum is the sum of the header's bytes, with blanks for itself. First what is alike in all headers: digits of
   mode, owner, group, time and type, magic and version. */
#define COMMON_SUM (7 * '0' + 14 + 2 * 7 * '0' + 11 * '0' + 8 * ' ' + '0' + 'u' + 's' + 't' + 'a' + 'r' + 2 * '0')
#define SIZE_SUM(size) (11 * '0' + OCTAL_DIGIT(size, 30) + OCTAL_DIGIT(size, 27) + OCTAL_DIGIT(size, 24) + \
    OCTAL_DIGIT(size, 21) + OCTAL_DIGIT(size, 18) + OCTAL_DIGIT(size, 15) + OCTAL_DIGIT(size, 12) + \
    OCTAL_DIGIT(size, 9) + OCTAL_DIGIT(size, 6) + OCTAL_DIGIT(size, 3) + OCTAL_DIGIT(size, 0))

/* One file: its contents, and the sum of its name's bytes, which an assembler cannot compute. */
.macro file name, name_sum
1:  .ascii  "\name"
    .zero   100 - (. - 1b)
    .asciz  "0000644"               /* mode */
    .asciz  "0000000"               /* owner */
    .asciz  "0000000"               /* group */
    .irp    shift, 30, 27, 24, 21, 18, 15, 12, 9, 6, 3, 0
    .byte   '0' + OCTAL_DIGIT(3f - 2f, \shift)
    .endr
    .byte   0
    .asciz  "00000000000"           /* time */
    .irp    shift, 15, 12, 9, 6, 3, 0
    .byte   '0' + OCTAL_DIGIT(COMMON_SUM + \name_sum + SIZE_SUM(3f - 2f), \shift)
    .endr
    .ascii  "\0 "
    .ascii  "0"                     /* a plain file */
    .zero   100                     /* links to nothing */
    .ascii  "ustar\0"
    .ascii  "00"                    /* version */
    .zero   BLOCK - (. - 1b)
2:  .incbin "archive/\name"
3:  .balign BLOCK
.endm

/* The segment that tools replace (debug-adapter/cli/init-image.ts): a page that begins with the archive's size in bytes,
   then the archive. */
    .section .archive, "a", @progbits
    .balign 4096
    .globl  koito_archive_size
    .globl  koito_archive_start
    .globl  koito_archive_end
koito_archive_size:
    .quad   koito_archive_end - koito_archive_start
    .balign 4096
koito_archive_start:
    .include "archive/list.inc"     /* made by the build: one `file` for each */
    .zero   2 * BLOCK
koito_archive_end:

    .section .note.GNU-stack, "", @progbits
