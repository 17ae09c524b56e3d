#pragma once

#include <tenon/status.hpp>

#include <string>

namespace tenon {

/// A host's status in the text format of Prometheus, version 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats): each family once, with its help and type. Pure.
std::string to_prometheus(const host_status& status);

}  // namespace tenon
