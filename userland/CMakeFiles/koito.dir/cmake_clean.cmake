file(REMOVE_RECURSE
  "../bin/koito.elf"
  "../bin/koito.pdb"
  "CMakeFiles/koito.dir/koito/archive.S.o"
  "CMakeFiles/koito.dir/koito/archive.cpp.o"
  "CMakeFiles/koito.dir/koito/archive.cpp.o.d"
  "CMakeFiles/koito.dir/koito/elf.cpp.o"
  "CMakeFiles/koito.dir/koito/elf.cpp.o.d"
  "CMakeFiles/koito.dir/koito/fault-resolver-start.S.o"
  "CMakeFiles/koito.dir/koito/fault-resolver.cpp.o"
  "CMakeFiles/koito.dir/koito/fault-resolver.cpp.o.d"
  "CMakeFiles/koito.dir/koito/main.cpp.o"
  "CMakeFiles/koito.dir/koito/main.cpp.o.d"
  "CMakeFiles/koito.dir/koito/own-memory.cpp.o"
  "CMakeFiles/koito.dir/koito/own-memory.cpp.o.d"
  "CMakeFiles/koito.dir/koito/process.cpp.o"
  "CMakeFiles/koito.dir/koito/process.cpp.o.d"
  "CMakeFiles/koito.dir/koito/system.cpp.o"
  "CMakeFiles/koito.dir/koito/system.cpp.o.d"
  "CMakeFiles/koito.dir/runtime/init-start.S.o"
  "programs.tar"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM CXX)
  include(CMakeFiles/koito.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
