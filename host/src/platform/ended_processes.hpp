#pragma once

#include <filesystem>

namespace spdlog {
class logger;
}

namespace tenon {

/// Reads what processes that are gone left in a store about their entries into plugin code, and removes it. An entry
/// that a signal ended becomes a finding (crash_finding.hpp) and an error in the log. One in which the process was when
/// something else ended it, as kill -9 or a lack of memory, is told in the log and held against nobody; so is a file
/// that is damaged. Records of processes that live are left alone.
///
/// A finding that cannot be written leaves its record, for the next start.
void settle_ended_processes(const std::filesystem::path& store, spdlog::logger& log);

}  // namespace tenon
