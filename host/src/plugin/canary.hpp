#pragma once

#include <tenon/error.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tenon {

/// How much a plugin may take in the canary.
struct canary_limits {
  std::chrono::milliseconds deadline{10'000};         ///< for everything
  std::chrono::milliseconds constructor_budget{250};  ///< for dlopen, which stalls other threads meanwhile
  std::uint64_t growth_per_cycle = 256;               ///< bytes of heap that a load and unload may keep
  std::uint64_t address_space = 2ull << 30;           ///< bytes; not limited in a sanitizer's build
  unsigned cycles = 5;                                ///< loads and unloads; growth shows from the fourth on
  bool resident = false;                              ///< it may stay mapped: then there is one cycle
};

/// What the canary found. Times are of the first cycle, where nothing is warm.
struct canary_report {
  std::string refusal;  ///< why the host must not load it and what to do; empty: it may
  bool lasting = true;  ///< false: it was about time, and a less loaded machine may find otherwise

  unsigned cycles = 0;
  bool platform = false;                   ///< create() ran; false if no settings were found that the schema accepts
  std::chrono::nanoseconds constructor{};  ///< the fastest of the cycles: dlopen, static constructors included
  std::chrono::nanoseconds map{}, init{}, create{}, destroy{}, deinit{}, unmap{};
  std::chrono::nanoseconds total{};  ///< from the start of the child to its end
  std::uint64_t heap_growth = 0;     ///< bytes that each cycle keeps
  std::uint64_t mapped_growth = 0;   ///< likewise, of address space
};

/// Loads a stored plugin in a child process, `program`, and runs its static constructors, init, create, destroy, deinit
/// and static destructors there, several times. A child that dies, hangs, or leaves something behind in its process
/// refuses the plugin; what it says of itself is believed no further than it makes sense.
///
/// Threads     Any, concurrently; blocks the calling one. Cost: a process and a few milliseconds. Errors
/// (CONFIGURATION_ERROR): the child could not be run, which says nothing about the plugin.
result<canary_report> run_canary(const std::filesystem::path& program, const std::filesystem::path& stored,
                                 const canary_limits& limits = {});

}  // namespace tenon
