file(REMOVE_RECURSE
  "../bin/ulmm.elf"
  "../bin/ulmm.pdb"
  "CMakeFiles/ulmm.dir/ulmm/block-node.cpp.o"
  "CMakeFiles/ulmm.dir/ulmm/block-node.cpp.o.d"
  "CMakeFiles/ulmm.dir/ulmm/buddy-allocator.cpp.o"
  "CMakeFiles/ulmm.dir/ulmm/buddy-allocator.cpp.o.d"
  "CMakeFiles/ulmm.dir/ulmm/frame-slots.cpp.o"
  "CMakeFiles/ulmm.dir/ulmm/frame-slots.cpp.o.d"
  "CMakeFiles/ulmm.dir/ulmm/main.cpp.o"
  "CMakeFiles/ulmm.dir/ulmm/main.cpp.o.d"
  "CMakeFiles/ulmm.dir/ulmm/server.cpp.o"
  "CMakeFiles/ulmm.dir/ulmm/server.cpp.o.d"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM CXX)
  include(CMakeFiles/ulmm.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
