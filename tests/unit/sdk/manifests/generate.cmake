# cmake -DMANIFEST=file -DID=id -DDIRECTORY=directory -DCOMPILER=cc -DHEADERS=directory -P generate.cmake
# Generates the note of a manifest and compiles it, as tenon_add_plugin() does.

cmake_minimum_required(VERSION 3.25)
set(tenon_VERSION 0.1.0)
include(${CMAKE_CURRENT_LIST_DIR}/../../../../plugin-api/cmake/TenonManifest.cmake)
tenon_generate_manifest(MANIFEST ${MANIFEST} ID ${ID} SANITIZER "" DIRECTORY ${DIRECTORY})
execute_process(COMMAND ${COMPILER} -std=c11 -Wall -Wextra -pedantic -Werror -fPIC -shared -I${HEADERS}
  ${DIRECTORY}/note.c -o ${DIRECTORY}/note.so COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${DIRECTORY}/note.so written REGEX "\"pattern\"")
message("${written}")
