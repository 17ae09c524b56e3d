# The plugins that the canary is there for: what they do wrong shows only when they run. Most would not pass the gate,
# whose lint knows what they import; the canary's tests take them as they are.
set(canary_faults confined constructor_crashes constructor_sleeps create_hangs create_pending create_without_instance
  descriptor_left exit_handler_left init_aborts init_exits init_exits_at_once init_spins key_left mapping_kept memory_kept
  process_left report_closed report_flooded report_forged report_garbage signal_handler_left surroundings_changed
  thread_local_large thread_runs thread_waits)
foreach(fault IN LISTS canary_faults)
  tenon_fixture(canary_${fault} canary_${fault}/canary_${fault}.c)
endforeach()
tenon_fixture(canary_terminate_handler_left canary_terminate_handler_left/canary_terminate_handler_left.cpp)
# These pass the canary, and crash the host nevertheless.
tenon_fixture(crashes_in_constructor crashes_outside_canary/crashes_outside_canary.c DEFINITIONS FIXTURE_CRASH_AT=1)
tenon_fixture(crashes_in_init crashes_outside_canary/crashes_outside_canary.c DEFINITIONS FIXTURE_CRASH_AT=2)
tenon_fixture(crashes_in_create crashes_outside_canary/crashes_outside_canary.c DEFINITIONS FIXTURE_CRASH_AT=3)
# It behaves until a request tells it not to.
tenon_fixture(crashes_in_task crashes_in_task/crashes_in_task.c)
