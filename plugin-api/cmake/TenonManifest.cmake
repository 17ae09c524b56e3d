# Reads a plugin's manifest.json when CMake configures, checks it, and writes what the build needs from it.

# Fails unless `json` has `member` of `type`. Sets `out` to its value.
function(_tenon_manifest_member out manifest json type member)
  string(JSON found ERROR_VARIABLE missing TYPE "${json}" ${member})
  if(missing)
    message(FATAL_ERROR "${manifest}: expected the member \"${member}\" (${type}), found none. "
      "tenon/abi/plugin.h describes the manifest.")
  endif()
  if(NOT found STREQUAL type)
    message(FATAL_ERROR "${manifest}: expected \"${member}\" to be of type ${type}, found ${found}.")
  endif()
  string(JSON value GET "${json}" ${member})
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# Sets `out` to the task names, each in quotes and followed by a comma.
function(_tenon_manifest_tasks out manifest json)
  string(JSON count LENGTH "${json}" tasks)
  if(count EQUAL 0)
    message(FATAL_ERROR "${manifest}: expected at least one task in \"tasks\", found none.")
  endif()
  set(names)
  math(EXPR last "${count} - 1")
  foreach(at RANGE ${last})
    string(JSON task ERROR_VARIABLE wrong GET "${json}" tasks ${at} name)
    if(wrong OR NOT task MATCHES "^[a-z][a-z0-9_]*$")
      message(FATAL_ERROR
        "${manifest}: expected {\"name\": \"<task in snake_case>\", ...} in tasks[${at}], found ${task}.")
    endif()
    if("\"${task}\"" IN_LIST names)
      message(FATAL_ERROR "${manifest}: expected each task once, found \"${task}\" again in tasks[${at}].")
    endif()
    list(APPEND names "\"${task}\"")
  endforeach()
  list(JOIN names ", " text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Sets `out` to the names of optional interfaces, each in quotes and followed by a comma; an empty one ends them.
function(_tenon_manifest_interfaces out manifest json)
  set(names)
  string(JSON count ERROR_VARIABLE absent LENGTH "${json}" interfaces)
  if(NOT absent AND count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(at RANGE ${last})
      string(JSON name ERROR_VARIABLE wrong GET "${json}" interfaces ${at})
      if(wrong OR NOT name MATCHES "^[a-z][a-z0-9_]*/[0-9]+$")
        message(FATAL_ERROR "${manifest}: expected \"<name>/<revision>\" in interfaces[${at}], found ${name}.")
      endif()
      list(APPEND names "\"${name}\"")
    endforeach()
  endif()
  list(APPEND names "\"\"")
  list(JOIN names ", " text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# tenon_generate_manifest(MANIFEST file ID id SANITIZER text DIRECTORY directory)
#
# Writes note.c, the ELF note, and tenon/plugin_manifest.hpp, what TENON_PLUGIN compares itself with.
function(tenon_generate_manifest)
  cmake_parse_arguments(arg "" "MANIFEST;ID;SANITIZER;DIRECTORY" "" ${ARGN})
  get_filename_component(manifest ${arg_MANIFEST} ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(READ ${manifest} json)
  string(JSON kind ERROR_VARIABLE wrong TYPE "${json}")
  if(wrong)
    message(FATAL_ERROR "${manifest}: expected JSON, found: ${wrong}")
  elseif(NOT kind STREQUAL "OBJECT")
    message(FATAL_ERROR "${manifest}: expected a JSON object, found ${kind}.")
  endif()

  _tenon_manifest_member(id ${manifest} "${json}" STRING id)
  _tenon_manifest_member(version ${manifest} "${json}" STRING version)
  _tenon_manifest_member(adcp ${manifest} "${json}" STRING adcp)
  _tenon_manifest_member(ignored ${manifest} "${json}" ARRAY tasks)
  _tenon_manifest_member(ignored ${manifest} "${json}" OBJECT settings_schema)
  _tenon_manifest_tasks(tasks ${manifest} "${json}")
  _tenon_manifest_interfaces(interfaces ${manifest} "${json}")
  if(NOT id STREQUAL arg_ID)
    message(FATAL_ERROR "${manifest}: expected the id of the file it goes into, \"${arg_ID}\", found \"${id}\".")
  endif()
  string(JSON concurrent ERROR_VARIABLE absent GET "${json}" concurrent)
  if(absent OR NOT concurrent)
    set(concurrent false)
  else()
    set(concurrent true)
  endif()

  # tenon_VERSION is the project's in its own tree and the package's elsewhere.
  string(JSON json SET "${json}" sdk "\"${tenon_VERSION}\"")
  string(JSON json SET "${json}" sanitizer "\"${arg_SANITIZER}\"")

  # As one string literal. One piece for each line of the JSON.
  string(REPLACE "\\" "\\\\" text "${json}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "?" "\\?" text "${text}") # no trigraphs
  string(REPLACE "\n" "\\n\"\n  \"" text "${text}")
  file(CONFIGURE OUTPUT ${arg_DIRECTORY}/note.c @ONLY CONTENT [[
#include <tenon/abi/plugin.h>

#pragma GCC diagnostic ignored "-Woverlength-strings"

TENON_MANIFEST(
  "@text@");
]])
  file(CONFIGURE OUTPUT ${arg_DIRECTORY}/tenon/plugin_manifest.hpp @ONLY CONTENT [[
#pragma once

#include <string_view>

namespace tenon::plugin_manifest {

inline constexpr std::string_view id = "@id@";
inline constexpr std::string_view version = "@version@";
inline constexpr std::string_view tasks[] = {@tasks@};
inline constexpr std::string_view interfaces[] = {@interfaces@};  // an empty one ends them
inline constexpr bool concurrent = @concurrent@;

}  // namespace tenon::plugin_manifest
]])
endfunction()
