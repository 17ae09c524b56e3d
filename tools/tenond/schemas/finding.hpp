#pragma once

#include "schemas/schemas.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace tenon::tenond::schemas {

/// Where in the instance a check stands: a chain on the stack from the innermost member to the root.
struct place {
  const place* up = nullptr;
  std::string_view member = {};  ///< valid unless `item`
  std::size_t index = 0;
  bool item = false;
  bool secret = false;  ///< described as a secret
};

place member_of(const place& at, std::string_view name, bool secret = false) noexcept;
place item_of(const place& at, std::size_t index) noexcept;

/// Whether it is named or described as a secret, or within such: its value is not shown.
bool is_secret(const place& at) noexcept;

std::size_t depth_of(const place& at) noexcept;

/// Whether a member of this name holds what nobody else may read: credentials, tokens, authorization, bank details, ...
bool is_secret_name(std::string_view name) noexcept;

/// A fault in the making: kept apart, so that the faults of the branches of a oneOf can be put into one sentence.
struct finding {
  std::string pointer;
  std::string field;
  std::string_view keyword;
  std::string expected;
  std::string found;
  std::string around;     ///< pointer of the object that lacks the member, otherwise `pointer`
  std::size_t depth = 0;  ///< of `around`
};

/// Texts of a message. A string's excerpt is escaped, 40 bytes long at most, and left out if the place is secret.
std::string describe(const boost::json::value& value, const place& at);
std::string number_text(double number);
std::string quoted(std::string_view text);
std::string count_text(std::size_t count, std::string_view noun);  ///< "1 item", "2 items"

/// A finding about the value at a place, or about a member the object there lacks.
finding finding_at(const place& at, std::string_view keyword, std::string expected, std::string found);
finding finding_of_missing(const place& at, std::string_view missing, std::string_view keyword, std::string expected);

schema_fault to_fault(finding found);

}  // namespace tenon::tenond::schemas
