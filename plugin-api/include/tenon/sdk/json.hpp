#pragma once

#include <boost/json.hpp>

namespace tenon::sdk {

/// The JSON of requests, replies and settings. A plugin carries its own copy of the library's code: nothing of it is
/// shared with the host.
namespace json = boost::json;

}  // namespace tenon::sdk
