# The programs KOITO starts, as a tar archive made by the build.
    .section .rodata.archive, "a", @progbits
    .balign 16
    .globl  koito_archive_start
    .globl  koito_archive_end
koito_archive_start:
    .incbin KOITO_ARCHIVE
koito_archive_end:

    .section .note.GNU-stack, "", @progbits
