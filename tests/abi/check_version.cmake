# cmake -DHEADERS=directory -DVERSION_FILE=abi.version -P check_version.cmake
# Goal: neither the text of the ABI headers nor their version changes alone. Method: a hash of the text, recorded beside
# the version.

set(text "")
foreach(name types.h host.h plugin.h)
  file(READ ${HEADERS}/${name} header)
  string(APPEND text "${header}")
endforeach()
string(SHA256 hash "${text}")
foreach(part MAJOR MINOR)
  if(NOT text MATCHES "#define TENON_ABI_${part} ([0-9]+)u\n")
    message(FATAL_ERROR "expected #define TENON_ABI_${part} <number>u in ${HEADERS}/types.h, found none")
  endif()
  set(${part} ${CMAKE_MATCH_1})
endforeach()

file(STRINGS ${VERSION_FILE} recorded REGEX "^[0-9]")
set(found "${MAJOR}.${MINOR} ${hash}")
if(NOT recorded STREQUAL found)
  message(FATAL_ERROR "The ABI headers are not the recorded ones.\n  expected  ${recorded}\n  found     ${found}\n"
    "If the binary contract changed, raise TENON_ABI_MINOR or TENON_ABI_MAJOR in types.h first; if only comments did, "
    "leave it. Then put the line after \"found\" into ${VERSION_FILE}.")
endif()
