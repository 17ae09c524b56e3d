# template_files.cpp: the files of plugin-api/template, so that `tenonctl plugin new` needs nothing but itself.
set(template ${PROJECT_SOURCE_DIR}/plugin-api/template)
set(files CMakeLists.txt example.cpp example.test.cpp manifest.json)
set(entries)
foreach(file IN LISTS files)
  file(READ ${template}/${file} text)
  string(APPEND entries "    {\"${file}\", R\"template(${text})template\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${template}/${file})
endforeach()
list(LENGTH files count)
file(CONFIGURE OUTPUT template_files.cpp @ONLY CONTENT [[
#include "scaffold.hpp"

namespace tenonctl {

std::span<const template_file> template_files() {
  static constexpr template_file files[] = {
@entries@  };
  return files;
}

}  // namespace tenonctl
]])
