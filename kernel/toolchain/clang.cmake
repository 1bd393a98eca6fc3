# Clang 15 or newer with lld producing freestanding x86_64 ELF. A9N_CLANG_SUFFIX selects a version, for example -19.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER clang$ENV{A9N_CLANG_SUFFIX})
set(CMAKE_CXX_COMPILER clang++$ENV{A9N_CLANG_SUFFIX})
set(CMAKE_ASM_COMPILER clang$ENV{A9N_CLANG_SUFFIX})
set(CMAKE_C_COMPILER_TARGET x86_64-unknown-none-elf)
set(CMAKE_CXX_COMPILER_TARGET x86_64-unknown-none-elf)
set(CMAKE_ASM_COMPILER_TARGET x86_64-unknown-none-elf)
# For a bare target clang links through gcc, which finds only an lld without a version in its name; for Linux it calls
# the one beside itself. The linker scripts say the rest.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld --target=x86_64-unknown-linux-gnu")
