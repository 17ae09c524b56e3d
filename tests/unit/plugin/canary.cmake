# The canary and the admission that it is a part of.
tenon_test(unit_plugin_canary MODULES plugin LABELS threads
  SOURCES admission.test.cpp canary.test.cpp canary_damage.test.cpp canary_memory.test.cpp)
target_compile_definitions(unit_plugin_canary PRIVATE "FIXTURES=\"${fixture_output}\""
  "FIXTURE_SANITIZER=\"${TENON_SANITIZE}\"" "PLUGINS=\"${TENON_PLUGIN_OUTPUT_DIRECTORY}\""
  "TENON_CANARY=\"$<TARGET_FILE:tenon-canary>\"")
add_dependencies(unit_plugin_canary tenon-canary fixtures echo echo_blocking echo_c example)

# Its hosts are forked and die: no threads beside them.
tenon_test(unit_plugin_mark MODULES plugin SOURCES loading_mark.test.cpp)
target_compile_definitions(unit_plugin_mark PRIVATE "FIXTURES=\"${fixture_output}\""
  "TENON_CANARY=\"$<TARGET_FILE:tenon-canary>\"")
add_dependencies(unit_plugin_mark tenon-canary fixtures)
