file(REMOVE_RECURSE
  "../bin/memory-tour.elf"
  "../bin/memory-tour.pdb"
  "CMakeFiles/memory-tour.dir/apps/memory-tour/main.cpp.o"
  "CMakeFiles/memory-tour.dir/apps/memory-tour/main.cpp.o.d"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM CXX)
  include(CMakeFiles/memory-tour.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
