# GCC 12 or newer producing freestanding x86_64 ELF. On an x86_64 Linux host the system compiler serves;
# elsewhere set A9N_GCC_PREFIX to a cross compiler's prefix, for example x86_64-linux-gnu-.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER $ENV{A9N_GCC_PREFIX}gcc)
set(CMAKE_CXX_COMPILER $ENV{A9N_GCC_PREFIX}g++)
set(CMAKE_ASM_COMPILER $ENV{A9N_GCC_PREFIX}gcc)
