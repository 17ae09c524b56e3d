#pragma once

#include <tenon/error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>

namespace tenon::tenond {

/// The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): members in the order of their names' UTF-16
/// code units, numbers as ECMAScript's Number::toString writes them, no escape that is not needed, no space.
///
/// An integer (int64, uint64) keeps its digits, also beyond 2^53, where RFC 8785 would round it to the nearest double:
/// two integers never have one text. So integers that are told apart here may be one to another implementation, never
/// the other way round. What the parser has made a double of, such as an integer beyond uint64, is a double.
///
/// Threads     Any. It goes as deep as the value: bound that where the value is parsed.
/// Errors      INVALID_REQUEST: a number is infinite (the parser makes that of 1e400) or none, for which JSON has no
///             text.
/// Cost        Linear, but for the sorting of each object's members.
result<std::string> canonical_json(const boost::json::value& value);

/// By which a repeated request is known (AdCP 3.0, payload equivalence): the SHA-256, in lower-case hex, of the
/// canonical text of a tool's arguments. What may differ between a request and its repeat is left out:
/// `idempotency_key`, a `context` that is an object, `governance_context` and
/// `push_notification_config.authentication.credentials`.
///
/// Threads     Any.
/// Errors      Those of canonical_json().
/// Cost        Copies the arguments once and makes their text; 8 ns a byte.
result<std::string> request_hash(const boost::json::object& arguments);

}  // namespace tenon::tenond
