#pragma once

#include <array>
#include <cstddef>
#include <string_view>

/// What the host and its canary say to each other, over one socket: the host sends one line of JSON, the canary answers
/// with lines of JSON. {"step": "init()", "threads": 0} announces what it does next and how many threads the plugin has
/// then; {"report": {...}} is the last one.
namespace tenon::canary {

inline constexpr int report_descriptor = 3;

/// All of the child's environment, which it clears before it does anything: without the allocator's per-thread caches
/// the heap in use is known to the byte, so that what a cycle keeps shows at once.
inline constexpr std::string_view only_variable = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";

/// More than an honest report takes: whoever sends more is not the canary.
inline constexpr std::size_t longest_conversation = 64 * 1024;

namespace steps {
inline constexpr std::string_view begin = "its first line";
inline constexpr std::string_view map = "its static constructors (dlopen)";
inline constexpr std::string_view check = "the look at its entry";
inline constexpr std::string_view init = "init()";
inline constexpr std::string_view create = "create()";
inline constexpr std::string_view complete = "the completion of an operation that create() started";
inline constexpr std::string_view cancel = "cancel()";
inline constexpr std::string_view destroy = "destroy()";
inline constexpr std::string_view deinit = "deinit()";
inline constexpr std::string_view unmap = "its static destructors (dlclose)";
inline constexpr std::string_view look = "the look at what it left behind";
inline constexpr std::string_view exit = "the end of the process, when its code was unmapped";
}  // namespace steps

/// All of them: another word does not come from the canary.
inline constexpr std::array<std::string_view, 12> all_steps{
    steps::begin,  steps::map,     steps::check,  steps::init,  steps::create, steps::complete,
    steps::cancel, steps::destroy, steps::deinit, steps::unmap, steps::look,   steps::exit};

}  // namespace tenon::canary
