#pragma once

#include "schemas/schema_set.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>

namespace tenon::tenond::schemas {

/// A value to be checked. The arguments of a request come as an object and not as a value, and are not copied for that.
/// Borrowed; as cheap to copy as two pointers.
class instance {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a value is an instance
  instance(const boost::json::value& value) noexcept : value_(&value), object_(value.if_object()) {}
  explicit instance(const boost::json::object& object) noexcept : object_(&object) {}

  const boost::json::object* object() const noexcept { return object_; }
  const boost::json::array* array() const noexcept { return value_ ? value_->if_array() : nullptr; }
  const boost::json::string* string() const noexcept { return value_ ? value_->if_string() : nullptr; }
  bool number() const noexcept { return value_ != nullptr && value_->is_number(); }
  double to_double() const { return value_->to_number<double>(); }

  /// The bits of its types: a number without a fraction is an integer too.
  std::uint8_t types() const noexcept;
  bool equals(const boost::json::value& other) const;
  std::string described(const struct place& at) const;

 private:
  const boost::json::value* value_ = nullptr;
  const boost::json::object* object_;
};

/// Equal as draft-07 has it: numbers by value, objects whatever the order of their members.
bool same(const boost::json::value& left, const boost::json::value& right);

/// Whether no two items are the same. Cost: O(size of the array × log of its length), whatever is in it.
bool all_different(const boost::json::array& items);

}  // namespace tenon::tenond::schemas
