// Goal: each way of building a plugin that the host could not reload or unload safely is refused by the check that is
// meant for it and by no other, with what was found and which flag mends it. Method: one fixture a fault, and every
// check on every one of them.
#include "fixtures.hpp"

#include "plugin/imports.hpp"
#include "plugin/linkage.hpp"

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr std::string_view sanitizer = FIXTURE_SANITIZER;

std::string refusal_of(const std::string& name, const plugin_policy& policy = {}) {
  const auto checked = check_candidate(fixture(name), policy);
  return checked ? std::string() : checked.error().operator_detail;
}

/// How many of the checks of the linkage, and of the imports, have something to say.
std::size_t complaints_about(const candidate& file) {
  const auto view = elf_view::open(file.bytes);
  REQUIRE(view.has_value());
  const auto symbols = view->symbols();
  const std::string all[] = {why_not_stack(*view),
                             why_not_segments(*view),
                             why_not_text_relocations(*view),
                             why_not_search_path(*view),
                             why_not_loader_flags(*view),
                             why_not_unloadable(*view),
                             why_not_static_tls(*view),
                             why_not_indirect(*view, symbols),
                             why_not_unique(symbols),
                             why_not_exports(symbols, sanitizer),
                             why_not_needed(*view, sanitizer)};
  auto count = std::ranges::count_if(all, [](const std::string& text) { return !text.empty(); });
  const auto advised = [](const auto& symbol) { return !symbol.defined && advise_against(symbol.name).has_value(); };
  return static_cast<std::size_t>(count) + (std::ranges::any_of(symbols, advised) ? 1 : 0);
}

struct fault {
  const char* fixture;
  const char* check;
  const char* found;
  const char* remedy;
};

constexpr fault faults[] = {
    {"bad_executable_stack", "stack", "asks for an executable stack", "-Wl,-z,noexecstack"},
    {"bad_writable_code", "segments", "both writable and executable", "keep code out of writable sections"},
    {"bad_packed_relocations", "text relocations", "packed relative relocations", "-Wl,-z,nopack-relative-relocs"},
    {"bad_text_relocation", "text relocations", "its code would be changed", "-fPIC"},
    {"bad_rpath", "search path", "(RPATH \"/opt/vendor/lib\")", "without -Wl,-rpath"},
    {"bad_runpath", "search path", "(RUNPATH \"/opt/vendor/lib\")", "without -Wl,-rpath"},
    {"bad_interpose", "loader flags", "linked with -z interpose", "without that flag"},
    {"bad_nodelete", "nodelete", "linked with -z nodelete", "leave the flag out"},
    {"bad_static_tls", "static tls", "static thread-local storage", "without -ftls-model=initial-exec"},
    {"bad_ifunc", "ifunc", "chosen while it is loaded (IFUNC", "__builtin_cpu_supports()"},
    {"bad_no_entry", "exports", "expected one exported variable tenon_plugin_entry, found no", "TENON_PLUGIN()"},
    {"bad_dependency", "dependencies", "needs the shared library libfixture_dependency.so",
     "link the library statically"},
    {"bad_thread", "imports", "it imports pthread_create (as _ZNSt6thread15_M_start_thread", "tasks and timers"},
    {"bad_pthread", "imports", "it imports pthread_create:", "allow_imports = [\"pthread_create\"]"},
    {"bad_thread_local", "imports", "it imports __cxa_thread_atexit", "keep no thread_local with a destructor"},
    {"bad_exec", "imports", "it imports execv:", "ask a service over HTTP"},
    {"bad_fork", "imports", "it imports fork:", "ask a service over HTTP"},
    {"bad_exit", "imports", "it imports _exit:", "answer an error"},
    {"bad_signal", "imports", "it imports signal (as __sysv_signal):", "allow_imports = [\"signal\"]"},
    {"bad_setenv", "imports", "it imports setenv:", "keep settings in the platform"},
    {"bad_terminate_handler", "imports", "it imports std::set_terminate (as _ZSt13", "clean up in deinit()"},
    {"bad_debug_mode", "imports", "it imports _GLIBCXX_DEBUG (as ", "build it without -D_GLIBCXX_DEBUG"},
};

/// The compiler that measures coverage puts these into every plugin: then the gate has to let them pass.
bool measured_away(std::string_view name) {
#ifdef TENON_COVERAGE
  return name == "bad_exec" || name == "bad_fork" || name == "bad_exit" || name == "bad_setenv";
#else
  return name.empty();
#endif
}

}  // namespace

TEST_CASE("each fault is refused by its own check and by no other") {
  for (const auto& expected : faults) {
    if (measured_away(expected.fixture)) continue;
    CAPTURE(std::string(expected.fixture));
    const auto told = refusal_of(expected.fixture);
    CAPTURE(told);
    CHECK(says(told, std::string(expected.fixture) + ".so: refused (" + expected.check + "): "));
    CHECK(says(told, expected.found));
    CHECK(says(told, expected.remedy));
    CHECK(complaints_about(fixture(expected.fixture)) == 1);
  }
}

TEST_CASE("nothing is said about plugins without a fault, of either compiler") {
  CHECK(complaints_about(fixture("good")) == 0);
#ifdef HAVE_CLANG
  CHECK(refusal_of("good_clang") == "");
#endif
}

TEST_CASE("a fault is found without a section table too") {
  for (const auto& expected : faults) {
    if (measured_away(expected.fixture)) continue;
    CAPTURE(std::string(expected.fixture));
    auto file = fixture(expected.fixture);
    for (const auto at : {offsetof(Elf64_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_shnum)}) {
      std::memset(file.bytes.data() + at, 0, at == offsetof(Elf64_Ehdr, e_shoff) ? 8 : 2);
    }
    const auto checked = check_candidate(file);
    REQUIRE(!checked);
    CHECK(says(checked.error().operator_detail, std::string("refused (") + expected.check + ")"));
  }
}

TEST_CASE("a symbol that only one process can have is told before the exports") {
  const auto told = refusal_of("bad_unique_symbol");
  CHECK_MESSAGE(says(told, "refused (unique): it has 1 STB_GNU_UNIQUE symbols, such as shared_by_all_generations"),
                told);
  CHECK(says(told, "-fno-gnu-unique"));
}

TEST_CASE("a second export is told") {
  const auto told = refusal_of("bad_extra_export");
  CHECK_MESSAGE(says(told, "refused (exports): expected tenon_plugin_entry to be its only exported symbol"), told);
  CHECK(says(told, "exported_by_mistake"));
}

TEST_CASE("what a compiler makes without any flags is refused with the flags that it needs") {
  const auto by_default = refusal_of("bad_compiler_defaults");
  CHECK_MESSAGE((says(by_default, "-fno-gnu-unique") || says(by_default, "version script")), by_default);
#ifdef HAVE_CLANG
  const auto by_clang = refusal_of("bad_clang_defaults");
  CHECK_MESSAGE(says(by_clang, "refused (exports)"), by_clang);
  CHECK(says(by_clang, "version script"));
#endif
}

TEST_CASE(
    "a compiler's default build passes if nothing is wrong with it, and otherwise each fault is told, of either") {
  std::vector<std::string> compilers{"gcc"};
#ifdef HAVE_CLANG
  compilers.emplace_back("clang");
#endif
  for (const auto& compiler : compilers) {
    CAPTURE(compiler);
    CHECK(refusal_of("default_" + compiler) == "");
    CHECK(says(refusal_of("bad_ifunc_" + compiler), "refused (ifunc): it has functions that are chosen"));
    CHECK(says(refusal_of("bad_static_tls_" + compiler), "refused (static tls): it uses static thread-local storage"));
    const auto threads = refusal_of("bad_thread_" + compiler);
    CAPTURE(threads);
    CHECK(says(threads, "refused (exports)"));
    CHECK(says(threads, "refused (imports): it imports pthread_create"));
  }
}

TEST_CASE("a file that says nothing about its stack is refused as one that asks for an executable one") {
  auto file = fixture("good");
  Elf64_Ehdr header;
  std::memcpy(&header, file.bytes.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    auto* at = file.bytes.data() + header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    std::memcpy(&segment, at, sizeof segment);
    if (segment.p_type == PT_GNU_STACK) segment.p_type = PT_NULL;
    std::memcpy(at, &segment, sizeof segment);
  }
  const auto checked = check_candidate(file);
  REQUIRE(!checked);
  CHECK(
      says(checked.error().operator_detail, "refused (stack): it does not say that its stack need not be executable"));
}

TEST_CASE("an operator grants imports by the name that was told or by the symbol's own") {
  plugin_policy policy;
  policy.allow_imports = {"pthread_create"};
  CHECK(refusal_of("bad_thread", policy) == "");
  CHECK(refusal_of("bad_pthread", policy) == "");
  CHECK(says(refusal_of("bad_signal", policy), "refused (imports)"));
  policy.allow_imports = {"signal", "__cxa_thread_atexit@CXXABI_1.3.7", "_ZSt13set_terminatePFvvE"};
  CHECK(refusal_of("bad_signal", policy) == "");
  CHECK(refusal_of("bad_thread_local", policy) == "");
  CHECK(refusal_of("bad_terminate_handler", policy) == "");
}

TEST_CASE("an operator lets a plugin stay for good, and status shows it with its writable bytes") {
  plugin_policy policy;
  policy.allow_resident = true;
  CHECK(refusal_of("bad_nodelete", policy) == "");
  CHECK(says(refusal_of("bad_unique_symbol", policy), "refused (unique)"));
  CHECK(describe_candidate(fixture("bad_nodelete")).resident);
  CHECK_FALSE(describe_candidate(fixture("good")).resident);
  CHECK(describe_candidate(fixture("good")).writable_bytes > 0);
}

TEST_CASE("the C library's second names are known") {
  for (const auto& [symbol, name] : {std::pair{"__fork", "fork"},
                                     {"__libc_system", "system"},
                                     {"__sysv_signal", "signal"},
                                     {"__register_atfork", "pthread_atfork"},
                                     {"__cxa_thread_atexit_impl", "__cxa_thread_atexit"}}) {
    CAPTURE(std::string(symbol));
    const auto advice = advise_against(symbol);
    REQUIRE(advice.has_value());
    CHECK(advice->name == name);
  }
}

TEST_CASE("what honest plugins import is not advised against") {
  for (const auto* symbol :
       {"malloc", "memcpy", "__cxa_atexit", "__cxa_finalize", "__tls_get_addr", "pthread_mutex_lock", "nanosleep",
        "abort", "__assert_fail", "snprintf", "_ZSt9terminatev", "_Unwind_Resume"}) {
    CAPTURE(symbol);
    CHECK_FALSE(advise_against(symbol).has_value());
  }
}
