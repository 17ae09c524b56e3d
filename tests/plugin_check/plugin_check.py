"""Goal: each fault of a plugin fails the case that is meant for it and no other, plugins without one pass, and what
depends on a failure says so instead of failing too. Method: tenonctl plugin check --json on one fixture a fault; few
cycles, since their number changes nothing but how sure an author can be.

usage: plugin_check.py TENONCTL FIXTURES PLUGINS SANITIZERS COVERAGE PLUGIN...
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TENONCTL, FIXTURES, PLUGINS = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
SANITIZED, MEASURED = sys.argv[4] != "", sys.argv[5] == "1"
SHIPPED = sys.argv[6:]

# What an operator would have to grant so that the fault is found by the case that is meant for it.
GRANTS = {
    "check_wrong_thread": ["pthread_create"],
    "check_shared_statics": ["setenv", "unsetenv"],
    "bad_thread_local": ["__cxa_thread_atexit"],
    "canary_confined": ["sigaction"],
    "canary_exit_handler_left": ["on_exit"],
    "canary_init_exits": ["exit"],
    "canary_init_exits_at_once": ["_exit"],
    "canary_key_left": ["pthread_key_create"],
    "canary_process_left": ["fork"],
    "canary_report_forged": ["_exit"],
    "canary_report_garbage": ["_exit"],
    "canary_signal_handler_left": ["signal"],
    "canary_surroundings_changed": ["setlocale", "setenv", "chdir", "umask"],
    "canary_terminate_handler_left": ["std::set_terminate"],
    "canary_thread_runs": ["pthread_create", "pthread_detach"],
    "canary_thread_waits": ["pthread_create", "pthread_detach"],
}

# case: the fixtures that fail it and nothing else.
FAULTS = {
    "static.manifest": ["bad_no_note"],
    "static.compatibility": ["bad_abi", "bad_service"],
    "static.stack": ["bad_executable_stack"],
    "static.segments": ["bad_writable_code"],
    "static.text-relocations": ["bad_packed_relocations", "bad_text_relocation"],
    "static.search-path": ["bad_rpath", "bad_runpath"],
    "static.loader-flags": ["bad_interpose"],
    "static.nodelete": ["bad_nodelete"],
    "static.static-tls": ["bad_static_tls"],
    "static.ifunc": ["bad_ifunc"],
    "static.unique": ["bad_unique_symbol", "bad_compiler_defaults"],
    "static.exports": ["bad_extra_export", "bad_no_entry"],
    "static.dependencies": ["bad_dependency"],
    "static.imports": ["bad_debug_mode", "bad_exec", "bad_exit", "bad_fork", "bad_pthread", "bad_setenv", "bad_signal",
                       "bad_terminate_handler", "bad_thread"],
    "abi.load": ["bad_undefined_symbol", "canary_constructor_crashes"],
    "abi.magic": ["bad_magic"],
    "abi.struct-size": ["check_short_entry"],
    "abi.version": ["bad_entry_abi"],
    "abi.plugin-id": ["bad_id"],
    "abi.plugin-version": ["check_other_version"],
    "abi.tasks": ["bad_task_missing", "check_without_tasks"],
    "abi.init": ["check_without_init"],
    "abi.deinit": ["check_without_deinit"],
    "abi.create": ["check_without_create"],
    "abi.call": ["check_without_call"],
    "abi.cancel": ["check_without_cancel"],
    "abi.destroy": ["check_without_destroy"],
    "abi.get-interface": ["check_without_get_interface"],
    "abi.host": ["bad_init", "canary_init_aborts", "canary_init_exits", "canary_init_exits_at_once",
                 "canary_init_spins", "canary_report_closed", "canary_report_flooded", "canary_report_forged",
                 "canary_report_garbage"],
    "abi.newer-host": ["check_host_exact"],
    "abi.poorer-host": ["check_service_needed"],
    "contract.instance": ["canary_create_hangs", "canary_create_without_instance"],
    "contract.thread": ["check_wrong_thread"],
    "contract.ready": ["check_ready_never", "canary_create_pending"],
    "contract.missing-services": ["check_service_unchecked"],
    "contract.answers": ["check_answers_never"],
    "contract.once": ["check_answers_twice"],
    "contract.refusals": ["check_answers_and_refuses"],
    "contract.replies": ["check_answers_no_object"],
    "contract.finished": ["check_cancel_of_finished"],
    "contract.exceptions": ["check_throws"],
    "contract.cancel": ["check_ignores_cancel"],
    "contract.two-platforms": ["check_one_instance"],
    "contract.destroy": ["check_answers_in_destroy"],
    "contract.after-destroy": ["check_answers_after_destroy"],
    "lifecycle.threads": ["canary_thread_runs", "canary_thread_waits"],
    "lifecycle.unload": ["bad_thread_local"],
    "lifecycle.leftovers": ["canary_descriptor_left", "canary_exit_handler_left", "canary_key_left",
                            "canary_process_left", "canary_signal_handler_left", "canary_surroundings_changed",
                            "canary_terminate_handler_left"],
    "lifecycle.cycles": ["canary_memory_kept"] + ([] if SANITIZED else ["canary_mapping_kept"]),
    "lifecycle.statics": ["check_shared_statics"],
    "speed.constructors": ["canary_constructor_sleeps"],
}
# A sanitizer's own mappings hide one that is kept; the compiler that measures coverage imports these into every plugin.
ELSEWHERE = ({"canary_mapping_kept"} if SANITIZED else set()) | (
    {"bad_exec", "bad_exit", "bad_fork", "bad_setenv"} if MEASURED else set())
FAULTLESS = ["good", "good_2", "with_soname", "check_answers_inline", "canary_confined", "canary_thread_local_large"]
# No plugins, or needing the other compiler.
OTHERS = {"linked_to_plugin", "tiny", "good_clang", "bad_clang_defaults"}
# Faults that are listed above, out of a compiler that was told nothing: the tests of the gate have what they add.
OTHERS |= {f"bad_{fault}_{compiler}" for fault in ("ifunc", "static_tls", "thread") for compiler in ("gcc", "clang")}


def check(path, *options):
    done = subprocess.run([TENONCTL, "plugin", "check", path, "--json", "--cycles", "20", *options],
                          capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}, done.stderr


def failures(report):
    return {case["group"] + "." + case["name"]: case for case in report["cases"] if case["result"] == "fail"}


def check_fixture(name):
    options = [word for grant in GRANTS.get(name, []) for word in ("--allow-import", grant)]
    if name in ("canary_create_hangs", "canary_init_spins"):
        options += ["--time-limit", "5"]
    if name == "canary_constructor_sleeps":
        options += ["--constructor-budget-ms", "50"]  # it sleeps for longer, however fast the machine is
    return check(FIXTURES / (name + ".so"), *options)


def all_at_once(names, work):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(zip(names, pool.map(work, names)))


class PluginCheck(unittest.TestCase):
    maxDiff = None

    def test_each_fault_fails_its_own_case_and_no_other(self):
        expected = {name: case for case, names in FAULTS.items() for name in names if name not in ELSEWHERE}
        for name, (code, report, error) in all_at_once(list(expected), check_fixture):
            with self.subTest(fixture=name):
                self.assertEqual(code, 1, error)
                failed = failures(report)
                self.assertEqual(list(failed), [expected[name]], failed)
                self.assertNotEqual(failed[expected[name]]["reason"], "")
                self.assertEqual(report["failed"], 1)
                for case in report["cases"]:
                    if case["result"] == "skip":
                        self.assertNotEqual(case["reason"], "", case)

    def test_plugins_without_a_fault_pass(self):
        for name, (code, report, error) in all_at_once(FAULTLESS, check_fixture):
            with self.subTest(fixture=name):
                self.assertEqual((code, failures(report)), (0, {}), error)

    def test_the_shipped_plugins_the_template_and_plain_c_pass_with_calls(self):
        for name, (code, report, error) in all_at_once(SHIPPED, lambda name: check(PLUGINS / (name + ".so"))):
            with self.subTest(plugin=name):
                self.assertEqual((code, failures(report)), (0, {}), error)
                answers = next(case for case in report["cases"] if case["name"] == "answers")
                self.assertGreater(answers["figures"]["successful"], 0, answers)

    def test_every_fixture_is_spoken_for(self):
        known = {name for names in FAULTS.values() for name in names} | set(FAULTLESS) | OTHERS | ELSEWHERE
        ours = ("bad_", "canary_", "check_", "good")
        found = {path.stem for path in FIXTURES.glob("*.so") if path.stem.startswith(ours)}
        self.assertEqual(found - known, set())

    def test_every_case_has_a_fault_that_fails_it(self):
        listed = subprocess.run([TENONCTL, "plugin", "check", "--list"], capture_output=True, text=True,
                                timeout=60, check=True).stdout
        cases = {line.split()[0] for line in listed.splitlines()}
        # A damaged file is tested below; "entry" is the host's own word on the members; a scan takes as long as it
        # takes; what grows in cycles fails there before reloads overlap.
        alone = {"static.geometry", "abi.entry", "speed.scan", "lifecycle.overlap"}
        self.assertEqual(cases - set(FAULTS), alone)

    def test_a_truncated_file_fails_its_geometry_and_nothing_else_is_run(self):
        with tempfile.TemporaryDirectory() as place:
            half = pathlib.Path(place) / "half.so"
            whole = (FIXTURES / "good.so").read_bytes()
            half.write_bytes(whole[:len(whole) // 2])
            code, report, _ = check(half)
        self.assertEqual((code, list(failures(report))), (1, ["static.geometry"]))
        skipped = [case["reason"] for case in report["cases"] if case["result"] == "skip"]
        self.assertTrue(skipped and all(reason.startswith("not run: ") for reason in skipped))

    def test_what_cannot_be_checked_is_no_verdict(self):
        self.assertEqual(check(FIXTURES / "not_there.so")[0], 2)
        self.assertEqual(check(FIXTURES / "good.so", "--case", "no-such-case")[0], 2)
        self.assertEqual(check(FIXTURES / "good.so", "--settings", FIXTURES / "good.so")[0], 2)

    def test_people_get_a_line_a_case_and_the_sum_last(self):
        path = FIXTURES / "bad_magic.so"
        done = subprocess.run([TENONCTL, "plugin", "check", path, "--case", "abi"], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^FAIL +abi\.magic +expected TENON_ENTRY_MAGIC, found 42$")
        self.assertIn("  abi.magic: initialise the entry", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], r"^plugin-check: .*bad_magic\.so: 1 of \d+ failed, \d+ skipped$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
