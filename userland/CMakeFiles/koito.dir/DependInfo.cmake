
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  "ASM"
  )
# The set of files for implicit dependencies of each language:
set(CMAKE_DEPENDS_CHECK_ASM
  "/work/main/userland/koito/archive.S" "/work/main/userland/CMakeFiles/koito.dir/koito/archive.S.o"
  "/work/main/userland/koito/fault-resolver-start.S" "/work/main/userland/CMakeFiles/koito.dir/koito/fault-resolver-start.S.o"
  "/work/main/userland/runtime/init-start.S" "/work/main/userland/CMakeFiles/koito.dir/runtime/init-start.S.o"
  )
set(CMAKE_ASM_COMPILER_ID "GNU")

# The include file search paths:
set(CMAKE_ASM_TARGET_INCLUDE_PATH
  "userland/include"
  "userland/runtime/include"
  "userland/koito/include"
  "userland/ulmm/include"
  "userland/drivers/console/include"
  "kernel/abi"
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/work/main/userland/koito/archive.cpp" "userland/CMakeFiles/koito.dir/koito/archive.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/archive.cpp.o.d"
  "/work/main/userland/koito/elf.cpp" "userland/CMakeFiles/koito.dir/koito/elf.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/elf.cpp.o.d"
  "/work/main/userland/koito/fault-resolver.cpp" "userland/CMakeFiles/koito.dir/koito/fault-resolver.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/fault-resolver.cpp.o.d"
  "/work/main/userland/koito/main.cpp" "userland/CMakeFiles/koito.dir/koito/main.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/main.cpp.o.d"
  "/work/main/userland/koito/own-memory.cpp" "userland/CMakeFiles/koito.dir/koito/own-memory.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/own-memory.cpp.o.d"
  "/work/main/userland/koito/process.cpp" "userland/CMakeFiles/koito.dir/koito/process.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/process.cpp.o.d"
  "/work/main/userland/koito/system.cpp" "userland/CMakeFiles/koito.dir/koito/system.cpp.o" "gcc" "userland/CMakeFiles/koito.dir/koito/system.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
