
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/work/main/userland/ulmm/block-node.cpp" "userland/CMakeFiles/ulmm.dir/ulmm/block-node.cpp.o" "gcc" "userland/CMakeFiles/ulmm.dir/ulmm/block-node.cpp.o.d"
  "/work/main/userland/ulmm/buddy-allocator.cpp" "userland/CMakeFiles/ulmm.dir/ulmm/buddy-allocator.cpp.o" "gcc" "userland/CMakeFiles/ulmm.dir/ulmm/buddy-allocator.cpp.o.d"
  "/work/main/userland/ulmm/frame-slots.cpp" "userland/CMakeFiles/ulmm.dir/ulmm/frame-slots.cpp.o" "gcc" "userland/CMakeFiles/ulmm.dir/ulmm/frame-slots.cpp.o.d"
  "/work/main/userland/ulmm/main.cpp" "userland/CMakeFiles/ulmm.dir/ulmm/main.cpp.o" "gcc" "userland/CMakeFiles/ulmm.dir/ulmm/main.cpp.o.d"
  "/work/main/userland/ulmm/server.cpp" "userland/CMakeFiles/ulmm.dir/ulmm/server.cpp.o" "gcc" "userland/CMakeFiles/ulmm.dir/ulmm/server.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
