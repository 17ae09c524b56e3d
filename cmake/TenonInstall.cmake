# What `cmake --install` gives: component "development" is the package an embedder or a plugin author builds with, component
# "runtime" the programs and plugins, and "host" what any program needs that embeds the host. Relocatable.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tenon)
set(plugin_kit_dir ${CMAKE_INSTALL_DATADIR}/tenon)
set(canary ${CMAKE_INSTALL_LIBEXECDIR}/tenon/tenon-canary)

install(TARGETS tenon_abi tenon_sdk tenon_host EXPORT tenon_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
if(TENON_LTO)
  # Of an installed archive everybody takes the code: g++'s intermediate one would be optimised anew by each embedder's link,
  # and is refused by another version of g++.
  install(CODE "execute_process(COMMAND \"${CMAKE_OBJCOPY}\" -R .gnu.lto_* -R .gnu.debuglto_*
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:tenon_host>\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT development)
endif()
install(EXPORT tenon_targets NAMESPACE tenon:: FILE tenonTargets.cmake DESTINATION ${package_dir} COMPONENT development)
install(DIRECTORY plugin-api/include/ host/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(DIRECTORY plugin-api/cmake plugin-api/src plugin-api/template DESTINATION ${plugin_kit_dir} COMPONENT development)

configure_package_config_file(cmake/tenonConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/tenonConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS plugin_kit_dir canary)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/tenonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenonConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/tenonConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT development)

file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/tenon.pc.in ${CMAKE_CURRENT_BINARY_DIR}/tenon.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tenon/config COMPONENT runtime)
