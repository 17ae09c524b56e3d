# How our own targets are built: standard, output places, warnings, sanitizers, modules and tests. Nothing here is
# installed; what a plugin author needs is plugin-api/cmake/TenonPlugin.cmake.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(TENON_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.35 REQUIRED) # RETURNING
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(spdlog 1.10 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)

# Flags every target of ours shares. A property of this build, never of a consumer's.
add_library(tenon_build_flags INTERFACE)
if(TENON_DEVELOPER_MODE)
  target_compile_options(tenon_build_flags INTERFACE -Wall -Wextra -Wpedantic -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>)
endif()
if(TENON_SANITIZE)
  # Global, not per target: an instrumented half of a process reports nonsense.
  add_compile_options(-fsanitize=${TENON_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TENON_SANITIZE})
  if(TENON_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(TENON_SANITIZE MATCHES "thread")
    # Asio's reference counts end with a fence, which TSan does not see: it then reports the destructor as a race. Boost's own
    # counter, which Asio takes instead, orders by the counter itself.
    add_compile_definitions(BOOST_ASIO_DISABLE_STD_ATOMIC)
  endif()
  if(TENON_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio uses fences; g++ warns that TSan does not model them
  endif()
endif()
if(TENON_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

if(TENON_LTO)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "TENON_LTO: expected g++, found ${CMAKE_CXX_COMPILER_ID}; leave it off")
  endif()
  # g++ links whatever carries its intermediate code as one unless it is told not to.
  add_link_options("$<$<NOT:$<BOOL:$<TARGET_PROPERTY:TENON_LINKED_AS_ONE>>>:-fno-lto>")
endif()

# tenon_fat_objects(): what this directory and those below it compile may be optimised across its files by who links as one.
# It is ordinary code beside, for tests and the other programs.
macro(tenon_fat_objects)
  if(TENON_LTO)
    # g++ 12 then inlines one half of what Asio allocates a coroutine's frame with, and misses the other.
    add_compile_options(-flto=auto -ffat-lto-objects $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
  endif()
endmacro()

# tenon_link_as_one(program)
function(tenon_link_as_one program)
  if(TENON_LTO)
    set_target_properties(${program} PROPERTIES TENON_LINKED_AS_ONE ON)
    target_link_options(${program} PRIVATE -flto=auto)
  endif()
endfunction()

# tenon_module(name [DEPENDS module...] [LIBRARIES lib...] SOURCES file...)
# One layer of the host: an object library tenon_<name>. A module sees the headers of what stands to its left in
# abi < base < catalog < plugin < storage < platform < cache < router < isolation < reload < host, and nothing else is linked to it.
function(tenon_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;SOURCES" ${ARGN})
  add_library(tenon_${name} OBJECT ${arg_SOURCES})
  target_link_libraries(tenon_${name} PRIVATE tenon_build_flags PUBLIC ${arg_LIBRARIES})
  target_include_directories(tenon_${name} PUBLIC ${PROJECT_SOURCE_DIR}/host/include ${PROJECT_SOURCE_DIR}/host/src)
  set(all ${name})
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(tenon_${name} PUBLIC tenon_${dependency})
    get_target_property(more tenon_${dependency} TENON_MODULES)
    list(APPEND all ${more})
  endforeach()
  list(REMOVE_DUPLICATES all)
  set_target_properties(tenon_${name} PROPERTIES TENON_MODULES "${all}")
  if(TENON_TIDY)
    set_target_properties(tenon_${name} PROPERTIES CXX_CLANG_TIDY "clang-tidy-16;--quiet")
  endif()
endfunction()

# tenon_link_modules(target module...): gives a program the objects of these modules and of all they depend on.
function(tenon_link_modules target)
  set(all)
  foreach(module IN LISTS ARGN)
    get_target_property(more tenon_${module} TENON_MODULES)
    list(APPEND all ${more})
  endforeach()
  list(REMOVE_DUPLICATES all)
  foreach(module IN LISTS all)
    target_link_libraries(${target} PRIVATE tenon_${module})
  endforeach()
endfunction()

# What the ThreadSanitizer run needs built: the tests labelled "threads" alone.
add_custom_target(tsan_tests)

# tenon_test(name [TEMPLATES] [MODULES module...] [LIBRARIES lib...] [LABELS label...] [ENVIRONMENT var=value...] SOURCES file...)
# A doctest program in tests/, run by ctest as one test. Label "threads" puts it into the ThreadSanitizer run too. TEMPLATES: what
# is tested is compiled with the test. Elsewhere the test's own files go without the checks of every single access, which cost a
# third of their compile time; the modules have them all, and a null pointer stops at AddressSanitizer anyway.
function(tenon_test name)
  cmake_parse_arguments(arg "TEMPLATES" "TIMEOUT" "MODULES;LIBRARIES;LABELS;ENVIRONMENT;SOURCES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900) # for a loaded machine; what hangs is found all the same
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE tenon_build_flags tenon_test_main ${arg_LIBRARIES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  tenon_link_modules(${name} ${arg_MODULES})
  if(TENON_SANITIZE MATCHES "undefined" AND NOT arg_TEMPLATES)
    target_compile_options(${name} PRIVATE -fno-sanitize=null,alignment,vptr)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(tsan_tests ${name})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1;TSAN_OPTIONS=halt_on_error=1;${arg_ENVIRONMENT}")
endfunction()
