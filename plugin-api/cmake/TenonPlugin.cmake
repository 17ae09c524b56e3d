# tenon_add_plugin(): builds a plugin. The only place that knows what a plugin is compiled and linked with.

include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/TenonManifest.cmake)

# Instrumented plugins go only into a host that is instrumented alike, so the manifest names the sanitizers: those of
# TENON_SANITIZE and of the compilers' flags.
function(_tenon_sanitizer out)
  set(found)
  foreach(sanitizer address thread undefined)
    if("${TENON_SANITIZE}" MATCHES "${sanitizer}" OR
       "${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS}" MATCHES "-fsanitize=[a-z,]*${sanitizer}")
      list(APPEND found ${sanitizer})
    endif()
  endforeach()
  list(JOIN found "," text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# What C and C++ code of a plugin is compiled with.
function(_tenon_plugin_flags target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
endfunction()

# Boost.JSON, once per project.
function(_tenon_sdk_json)
  if(TARGET tenon_sdk_json)
    return()
  endif()
  add_library(tenon_sdk_json STATIC ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src/json.cpp)
  target_link_libraries(tenon_sdk_json PUBLIC Boost::headers)
  target_compile_features(tenon_sdk_json PUBLIC cxx_std_20)
  _tenon_plugin_flags(tenon_sdk_json)
endfunction()

# tenon_add_plugin(name MANIFEST manifest.json SOURCES file... [LIBRARIES lib...]
#                  [OUTPUT_NAME name] [OUTPUT_DIRECTORY directory])
#
# Makes
#   <name>          the plugin: <OUTPUT_NAME>.so, in OUTPUT_DIRECTORY or else in TENON_PLUGIN_OUTPUT_DIRECTORY, if set
#   <name>_objects  its code and note as an object library: link it into a unit test (tenon_add_plugin_test does)
#
# Sources in C++ get the SDK, sources in C the ABI. The manifest's "id" is the file's name; tenon/abi/plugin.h describes
# its members.
# LIBRARIES must be static and position independent: a host refuses plugins that need shared libraries of their own.
function(tenon_add_plugin name)
  cmake_parse_arguments(arg "" "MANIFEST;OUTPUT_NAME;OUTPUT_DIRECTORY" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_MANIFEST OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_plugin(${name}): expected MANIFEST file and SOURCES file..., found ${ARGN}")
  endif()
  if(NOT arg_OUTPUT_NAME)
    set(arg_OUTPUT_NAME ${name})
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${TENON_PLUGIN_OUTPUT_DIRECTORY}")
  endif()

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}-manifest)
  _tenon_sanitizer(sanitizer)
  tenon_generate_manifest(MANIFEST ${arg_MANIFEST} ID ${arg_OUTPUT_NAME} SANITIZER "${sanitizer}"
    DIRECTORY ${generated})

  add_library(${name}_objects OBJECT ${arg_SOURCES} ${generated}/note.c)
  target_include_directories(${name}_objects PUBLIC ${generated})
  target_link_libraries(${name}_objects PUBLIC tenon::abi ${arg_LIBRARIES})
  _tenon_plugin_flags(${name}_objects)
  if(TARGET tenon_build_flags)
    target_link_libraries(${name}_objects PRIVATE tenon_build_flags)
  endif()
  set(cxx_sources ${arg_SOURCES})
  list(FILTER cxx_sources INCLUDE REGEX "\\.(cpp|cc|cxx)$")
  set(linker C)
  if(cxx_sources)
    set(linker CXX)
    _tenon_sdk_json()
    target_link_libraries(${name}_objects PUBLIC tenon::sdk tenon_sdk_json)
  endif()

  add_library(${name} MODULE $<TARGET_OBJECTS:${name}_objects>)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME ${arg_OUTPUT_NAME} SKIP_BUILD_RPATH ON
    INSTALL_RPATH "" LINKER_LANGUAGE ${linker}
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  if(arg_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIRECTORY})
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  if(cxx_sources)
    target_link_libraries(${name} PRIVATE tenon_sdk_json)
  endif()
  target_link_options(${name} PRIVATE -Wl,--version-script,${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map
    -Wl,--exclude-libs,ALL -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--build-id -Wl,--as-needed)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR NOT sanitizer)
    target_link_options(${name} PRIVATE -Wl,-z,defs) # clang leaves the sanitizer's symbols to the program
  endif()
endfunction()

# tenon_add_plugin_test(name PLUGIN plugin SOURCES file... [LIBRARIES lib...])
#
# A program that holds the plugin's code and tests it without a host, with tenon/sdk/testing/fake_host.hpp. Registered
# with ctest.
function(tenon_add_plugin_test name)
  cmake_parse_arguments(arg "" "PLUGIN" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_PLUGIN OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_plugin_test(${name}): expected PLUGIN name and SOURCES file..., found ${ARGN}")
  endif()
  _tenon_sdk_json()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_PLUGIN}_objects tenon::sdk tenon_sdk_json ${arg_LIBRARIES})
  if(TARGET tenon_build_flags)
    target_link_libraries(${name} PRIVATE tenon_build_flags)
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()
