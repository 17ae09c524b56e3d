#pragma once

#include "sandbox/gam/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Field masks: which members of an answer are wanted ($fields, X-Goog-FieldMask) and which of an object are written
/// (updateMask). Plain functions.
namespace tenon::sandbox::gam {

using path = std::vector<std::string>;

/// "orders(name,status),nextPageToken" or "orders.name,nextPageToken" as paths. Errors: 400 on unbalanced parentheses.
std::vector<path> parse_mask(std::string_view text);

/// Keeps only the members the paths lead to; an array is looked through. No paths or "*": everything stays.
json::value trim(const json::value& whole, const std::vector<path>& wanted);

/// Whether a path begins with that member, or everything is wanted.
bool mentions(const std::vector<path>& wanted, std::string_view member);

/// Where one path of an updateMask leads in a message. Null when it leads nowhere, or through a repeated field.
const field* resolve(const message& shape, const path& where);

/// Copies what the paths lead to from `source`; what is not there is erased, as proto3 has it.
void assign(json::object& target, const json::object& source, const path& where);

}  // namespace tenon::sandbox::gam
