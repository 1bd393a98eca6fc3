
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/work/main/userland/drivers/console/line-editor.cpp" "userland/CMakeFiles/console.dir/drivers/console/line-editor.cpp.o" "gcc" "userland/CMakeFiles/console.dir/drivers/console/line-editor.cpp.o.d"
  "/work/main/userland/drivers/console/main.cpp" "userland/CMakeFiles/console.dir/drivers/console/main.cpp.o" "gcc" "userland/CMakeFiles/console.dir/drivers/console/main.cpp.o.d"
  "/work/main/userland/drivers/console/serial-port.cpp" "userland/CMakeFiles/console.dir/drivers/console/serial-port.cpp.o" "gcc" "userland/CMakeFiles/console.dir/drivers/console/serial-port.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
