file(REMOVE_RECURSE
  "CMakeFiles/program-runtime.dir/runtime/program-start.S.o"
  "CMakeFiles/program-runtime.dir/runtime/program.cpp.o"
  "CMakeFiles/program-runtime.dir/runtime/program.cpp.o.d"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM CXX)
  include(CMakeFiles/program-runtime.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
