#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What the served AdCP release says of a request's shape.
///
/// Purpose     A request is checked before a plugin sees it, and tools/list says how to call a tool.
/// Lifetime    The schemas are part of the program and compiled at the first use; what is returned by reference is good
///             for ever.
/// Threads     Any, at once: the first use is done once, then everything is only read.
/// Errors      A request's fault is a value. A schema that does not compile is a bug of the build and aborts.
/// Cost        The first use some milliseconds. A check is linear in the request and allocates only for a fault; its
///             recursion is bounded.
/// Source      data/3.0.6, the release's own schemas (JSON Schema draft-07).
namespace tenon::tenond::schemas {

/// The first thing that is wrong with a request. Nothing in it is a secret, and of a value no more than a short
/// excerpt.
struct schema_fault {
  std::string pointer;  ///< JSON pointer into the arguments, e.g. "/packages/0/budget"; also to what is missing there
  std::string field;    ///< the same for error.field of AdCP, e.g. "packages[0].budget"
  std::string message;  ///< e.g. "expected a number of at least 0, found -500"
  std::string keyword;  ///< of the schema, e.g. "minimum"; "depth" if the request is nested too deeply to be checked

  friend bool operator==(const schema_fault&, const schema_fault&) = default;
};

/// A member that the release requires and we do not, with the reason.
struct leniency {
  std::string_view task;
  std::string_view member;
  std::string_view reason;
};

std::span<const leniency> leniencies() noexcept;

/// Nothing if the arguments are what the task's schema asks for, leniencies aside, or if no task of that name is known.
/// Members at the top that the schema does not name are always allowed, as the release has it. Of an anyOf or oneOf
/// that fails, the branch that was meant is reported, as well as can be told.
std::optional<schema_fault> check_request(std::string_view task, const boost::json::object& arguments);

/// An input schema for tools/list that an agent can read, of a few KB: the members at the top with type, choices and a
/// short description, and what is required. What is nested says only that it is an object or an array. For an unknown
/// task any object.
const boost::json::object& input_schema(std::string_view task);

/// Whether there is a schema for the task.
bool knows(std::string_view task) noexcept;

}  // namespace tenon::tenond::schemas
