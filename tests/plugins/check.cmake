# The plugins that tools/plugin-check is there for: they break the rules that stand in plugin.h and host.h.
foreach(fault answers_after_destroy answers_and_refuses answers_in_destroy answers_inline answers_never answers_no_object
              answers_twice cancel_of_finished host_exact ignores_cancel one_instance ready_never service_needed
              service_unchecked shared_statics wrong_thread)
  tenon_fixture(check_${fault} check_${fault}/check_${fault}.c)
endforeach()
tenon_fixture(check_throws check_throws/check_throws.cpp)
# An entry without one of its members, or with a wrong one.
foreach(member init deinit create call cancel destroy get_interface tasks)
  string(TOUPPER ${member} macro)
  tenon_fixture(check_without_${member} fixture/platform.c DEFINITIONS ENTRY_${macro}=0)
endforeach()
tenon_fixture(check_short_entry fixture/platform.c DEFINITIONS ENTRY_SIZE=64)
tenon_fixture(check_other_version fixture/platform.c DEFINITIONS "ENTRY_VERSION={\"2.0.0\", 5}")
