
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  "ASM"
  )
# The set of files for implicit dependencies of each language:
set(CMAKE_DEPENDS_CHECK_ASM
  "/work/main/userland/runtime/program-start.S" "/work/main/userland/CMakeFiles/program-runtime.dir/runtime/program-start.S.o"
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
  "/work/main/userland/runtime/program.cpp" "userland/CMakeFiles/program-runtime.dir/runtime/program.cpp.o" "gcc" "userland/CMakeFiles/program-runtime.dir/runtime/program.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
