file(REMOVE_RECURSE
  "CMakeFiles/userland-runtime.dir/runtime/debug-console.cpp.o"
  "CMakeFiles/userland-runtime.dir/runtime/debug-console.cpp.o.d"
  "CMakeFiles/userland-runtime.dir/runtime/memory.cpp.o"
  "CMakeFiles/userland-runtime.dir/runtime/memory.cpp.o.d"
)

# Per-language clean rules from dependency scanning.
foreach(lang CXX)
  include(CMakeFiles/userland-runtime.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
