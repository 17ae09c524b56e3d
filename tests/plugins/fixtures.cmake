# The plugins with one fault each: ${CMAKE_BINARY_DIR}/fixtures/<fault>.so, all built by the target `fixtures`.
add_custom_target(fixtures)

# tenon_fixture(name source [EXPORTS_ALL] [DEFINITIONS definition...] [OPTIONS compiler option...] [LINK option...])
# One tiny plugin. Built by hand, without tenon_add_plugin(), whose flags would mend some of the faults.
function(tenon_fixture name source)
  cmake_parse_arguments(arg "EXPORTS_ALL" "" "DEFINITIONS;OPTIONS;LINK" ${ARGN})
  add_library(fixture_${name} MODULE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source})
  target_link_libraries(fixture_${name} PRIVATE tenon_build_flags tenon::abi)
  target_compile_definitions(fixture_${name} PRIVATE "FIXTURE_SANITIZER=\"${TENON_SANITIZE}\"" ${arg_DEFINITIONS})
  target_compile_options(fixture_${name} PRIVATE ${arg_OPTIONS})
  target_link_options(fixture_${name} PRIVATE ${arg_LINK})
  set_target_properties(fixture_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SKIP_BUILD_RPATH ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fixtures)
  if(NOT arg_EXPORTS_ALL)
    target_compile_options(fixture_${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(fixture_${name} PRIVATE -Wl,--version-script,${PROJECT_SOURCE_DIR}/plugin-api/cmake/plugin.map)
  endif()
  add_dependencies(fixtures fixture_${name})
endfunction()

# tenon_foreign_fixture(name source compiler option...): compiled and linked at once by any compiler, with the options
# given and no others, whatever this build is configured for.
function(tenon_foreign_fixture name source compiler)
  set(output ${CMAKE_BINARY_DIR}/fixtures/${name}.so)
  set(from ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source})
  set(abi ${PROJECT_SOURCE_DIR}/plugin-api/include/tenon/abi)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/fixtures
    COMMAND ${compiler} -shared -fPIC ${ARGN} -I${PROJECT_SOURCE_DIR}/plugin-api/include
            "-DFIXTURE_SANITIZER=\"${TENON_SANITIZE}\"" -o ${output} ${from}
    DEPENDS ${from} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/fixture/fixture.h
            ${PROJECT_SOURCE_DIR}/plugin-api/cmake/plugin.map ${abi}/types.h ${abi}/host.h ${abi}/plugin.h
    VERBATIM)
  add_custom_target(fixture_${name} DEPENDS ${output})
  add_dependencies(fixtures fixture_${name})
endfunction()

tenon_fixture(good fixture/good.c)
tenon_fixture(good_2 fixture/good.c DEFINITIONS FIXTURE_VERSION="2.0.0")
tenon_fixture(without_build_id fixture/good.c LINK -Wl,--build-id=none)
tenon_fixture(without_build_id_2 fixture/good.c DEFINITIONS FIXTURE_VERSION="2.0.0" LINK -Wl,--build-id=none)
tenon_fixture(with_soname fixture/good.c LINK -Wl,-soname,fixture_with_soname.so)
# Not a plugin: somebody's library that was linked to one.
tenon_fixture(linked_to_plugin fixture/linked_to_plugin.c LINK -Wl,--no-as-needed $<TARGET_FILE:fixture_with_soname>)
add_dependencies(fixture_linked_to_plugin fixture_with_soname)
# What the note, the entry or the life of a plugin can have wrong.
foreach(fault abi entry_abi id init magic no_entry no_note service task_missing undefined_symbol)
  tenon_fixture(bad_${fault} bad_${fault}/bad_${fault}.c)
endforeach()
# What it should not import.
foreach(fault pthread fork exec exit signal setenv)
  tenon_fixture(bad_${fault} bad_${fault}/bad_${fault}.c)
endforeach()
foreach(fault thread thread_local terminate_handler)
  tenon_fixture(bad_${fault} bad_${fault}/bad_${fault}.cpp)
endforeach()
tenon_fixture(bad_debug_mode bad_debug_mode/bad_debug_mode.cpp DEFINITIONS _GLIBCXX_DEBUG)
# How it should not be compiled or linked.
foreach(fault writable_code static_tls ifunc)
  tenon_fixture(bad_${fault} bad_${fault}/bad_${fault}.c)
endforeach()
tenon_fixture(bad_unique_symbol bad_unique_symbol/bad_unique_symbol.cpp EXPORTS_ALL)
tenon_fixture(bad_extra_export bad_extra_export/bad_extra_export.c EXPORTS_ALL)
tenon_fixture(bad_nodelete bad_nodelete/bad_nodelete.c LINK -Wl,-z,nodelete)
tenon_fixture(bad_executable_stack bad_executable_stack/bad_executable_stack.c LINK -Wl,-z,execstack)
tenon_fixture(bad_packed_relocations bad_packed_relocations/bad_packed_relocations.c LINK -Wl,-z,pack-relative-relocs)
tenon_fixture(bad_text_relocation bad_text_relocation/bad_text_relocation.c LINK -Wl,-z,notext)
tenon_fixture(bad_interpose bad_interpose/bad_interpose.c LINK -Wl,-z,interpose)
tenon_fixture(bad_rpath bad_rpath/bad_rpath.c LINK -Wl,--disable-new-dtags -Wl,-rpath,/opt/vendor/lib)
tenon_fixture(bad_runpath bad_runpath/bad_runpath.c LINK -Wl,--enable-new-dtags -Wl,-rpath,/opt/vendor/lib)
tenon_fixture(bad_dependency bad_dependency/bad_dependency.c)
add_library(fixture_dependency SHARED bad_dependency/dependency.c)
set_target_properties(fixture_dependency PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fixtures/dependency
  C_VISIBILITY_PRESET default)
target_link_libraries(fixture_bad_dependency PRIVATE fixture_dependency)

# A library without a name of its own is found by the path that it was linked with.
add_library(fixture_brought SHARED bad_dependency/dependency.c)
set_target_properties(fixture_brought PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fixtures/dependency
  C_VISIBILITY_PRESET default NO_SONAME ON)
tenon_fixture(brings_library bad_dependency/bad_dependency.c LINK ${CMAKE_BINARY_DIR}/fixtures/dependency/libfixture_brought.so)
tenon_fixture(brings_library_and_stays bad_dependency/bad_dependency.c
  LINK ${CMAKE_BINARY_DIR}/fixtures/dependency/libfixture_brought.so -Wl,-z,nodelete)
add_dependencies(fixture_brings_library fixture_brought)
add_dependencies(fixture_brings_library_and_stays fixture_brought)

# What comes out of a compiler that is told nothing, and of the other compiler that is told all.
tenon_foreign_fixture(bad_compiler_defaults bad_compiler_defaults/bad_compiler_defaults.cpp ${CMAKE_CXX_COMPILER}
  -std=c++20)
find_program(TENON_CLANG clang++-16 DOC "Builds plugins as authors who use clang do")
if(TENON_CLANG)
  tenon_foreign_fixture(bad_clang_defaults bad_compiler_defaults/bad_compiler_defaults.cpp ${TENON_CLANG} -std=c++20)
  tenon_foreign_fixture(good_clang bad_compiler_defaults/bad_compiler_defaults.cpp ${TENON_CLANG} -std=c++20 -O2
    -fvisibility=hidden -Wl,--version-script,${PROJECT_SOURCE_DIR}/plugin-api/cmake/plugin.map)
endif()

# Plugins in C and C++ by either compiler's defaults: one that is fine as it is, and three faults.
function(tenon_default_fixtures name c cpp)
  tenon_foreign_fixture(default_${name} fixture/good.c ${c})
  tenon_foreign_fixture(bad_ifunc_${name} bad_ifunc/bad_ifunc.c ${c})
  tenon_foreign_fixture(bad_static_tls_${name} bad_static_tls/bad_static_tls.c ${c})
  tenon_foreign_fixture(bad_thread_${name} bad_thread/bad_thread.cpp ${cpp} -std=c++20)
endfunction()
tenon_default_fixtures(gcc ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
find_program(TENON_CLANG_C clang-16 DOC "Builds plugins in C as authors who use clang do")
if(TENON_CLANG AND TENON_CLANG_C)
  tenon_default_fixtures(clang ${TENON_CLANG_C} ${TENON_CLANG})
endif()
