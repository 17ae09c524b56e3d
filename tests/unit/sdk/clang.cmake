# unit_sdk_clang: the SDK's tests, echo and Boost.JSON compiled by clang whatever compiles the rest, so commands and not
# targets.

find_program(TENON_CLANGXX NAMES clang++-16 clang++)
find_program(TENON_CLANG NAMES clang-16 clang)
if(NOT TENON_CLANGXX OR NOT TENON_CLANG)
  message(FATAL_ERROR "expected clang 16 (clang-16, clang++-16) beside ${CMAKE_CXX_COMPILER}, found none: the SDK's "
    "tests run with both. On Debian: apt install clang-16.")
endif()

set(launcher ${CMAKE_CXX_COMPILER_LAUNCHER})
get_target_property(echo_includes echo_objects INCLUDE_DIRECTORIES)
list(TRANSFORM echo_includes PREPEND -I)
get_target_property(doctest_includes doctest::doctest INTERFACE_INCLUDE_DIRECTORIES)
list(REMOVE_ITEM doctest_includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES}) # named again they come in the wrong order
set(flags -g -O0 -fsanitize=address -fno-omit-frame-pointer -Wall -Wextra -Wpedantic -Werror
  -I${PROJECT_SOURCE_DIR}/plugin-api/include)
foreach(directory IN LISTS doctest_includes)
  list(APPEND flags -isystem ${directory})
endforeach()

set(sources ${PROJECT_SOURCE_DIR}/tests/support/main.cpp ${PROJECT_SOURCE_DIR}/plugin-api/src/json.cpp
  ${PROJECT_SOURCE_DIR}/tests/plugins/echo/echo.cpp)
foreach(test IN LISTS sdk_tests)
  list(APPEND sources ${CMAKE_CURRENT_SOURCE_DIR}/${test})
endforeach()
set(objects)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/clang/${name}.o)
  add_custom_command(OUTPUT ${object} DEPENDS ${source} DEPFILE ${object}.d
    COMMAND ${launcher} ${TENON_CLANGXX} -std=c++20 ${flags} ${echo_includes} -MD -MF ${object}.d -MT ${object}
      -c ${source} -o ${object}
    COMMENT "Building ${name} with clang" VERBATIM)
  list(APPEND objects ${object})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/clang)

set(program ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/unit_sdk_clang)
add_custom_command(OUTPUT ${program} DEPENDS ${objects}
  COMMAND ${TENON_CLANGXX} -fsanitize=address ${objects} -o ${program} COMMENT "Linking unit_sdk_clang" VERBATIM)
add_custom_target(unit_sdk_clang ALL DEPENDS ${program})
add_test(NAME unit_sdk_clang COMMAND ${program})
set_tests_properties(unit_sdk_clang PROPERTIES TIMEOUT 300
  ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1")
