file(REMOVE_RECURSE
  "../bin/console.elf"
  "../bin/console.pdb"
  "CMakeFiles/console.dir/drivers/console/line-editor.cpp.o"
  "CMakeFiles/console.dir/drivers/console/line-editor.cpp.o.d"
  "CMakeFiles/console.dir/drivers/console/main.cpp.o"
  "CMakeFiles/console.dir/drivers/console/main.cpp.o.d"
  "CMakeFiles/console.dir/drivers/console/serial-port.cpp.o"
  "CMakeFiles/console.dir/drivers/console/serial-port.cpp.o.d"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM CXX)
  include(CMakeFiles/console.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
