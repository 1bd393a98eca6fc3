
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/work/main/userland/runtime/debug-console.cpp" "userland/CMakeFiles/userland-runtime.dir/runtime/debug-console.cpp.o" "gcc" "userland/CMakeFiles/userland-runtime.dir/runtime/debug-console.cpp.o.d"
  "/work/main/userland/runtime/memory.cpp" "userland/CMakeFiles/userland-runtime.dir/runtime/memory.cpp.o" "gcc" "userland/CMakeFiles/userland-runtime.dir/runtime/memory.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
