#pragma once

#include "schemas/format.hpp"
#include "schemas/pattern.hpp"

#include <boost/json/value.hpp>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// JSON Schema draft-07, compiled once and then only read. Documents are found by the path of a reference: `$id` is not
/// looked at, and numbers are compared as doubles.
///
/// *Rationale:* our own, not valijson 1.0. That fills a cache of std::regex while it validates, so one schema cannot be
/// used by two threads; std::regex recurses by the length of a hostile text; its recursion has no bound; `format` knows
/// dates alone; and of a failed oneOf it reports every branch and not the one that was meant.
namespace tenon::tenond::schemas {

/// The types of draft-07 as bits. A number without a fraction has both number bits.
enum type_bit : std::uint8_t {
  type_null = 1,
  type_boolean = 2,
  type_integer = 4,
  type_number = 8,
  type_string = 16,
  type_array = 32,
  type_object = 64,
  type_any = 127,
};

struct node;

struct named_node {
  std::string_view name;
  const node* schema;
};

struct pattern_node {
  const pattern* names;
  const node* schema;
};

/// `dependencies`: with the member come others, or a schema for the whole object.
struct dependency {
  std::string_view name;
  std::vector<std::string_view> members;
  const node* schema = nullptr;
};

struct count_range {
  std::size_t least = 0;
  std::size_t most = static_cast<std::size_t>(-1);
};

/// One schema. Absent keywords are null, empty or all-embracing. Pointers and texts belong to the schema_set.
struct node {
  bool never = false;   ///< the schema `false`
  bool secret = false;  ///< `writeOnly`: what it describes is not echoed
  std::uint8_t types = type_any;
  const boost::json::value* constant = nullptr;
  const boost::json::array* choices = nullptr;  ///< enum

  std::optional<double> minimum, maximum, above, below, multiple_of;

  count_range length;
  const pattern* text_pattern = nullptr;
  std::string_view pattern_text;
  const format_rule* format = nullptr;

  count_range size;  ///< of an array
  bool unique = false;
  const node* items = nullptr;
  std::vector<const node*> tuple;  ///< `items` as an array; `items` above is then `additionalItems`
  const node* contains = nullptr;

  count_range members;                 ///< of an object
  std::vector<named_node> properties;  ///< sorted by name
  std::vector<pattern_node> pattern_properties;
  const node* additional = nullptr;
  const node* member_names = nullptr;
  std::vector<std::string_view> required;
  std::vector<dependency> dependencies;

  std::vector<const node*> all_of, any_of, one_of;
  const node* negated = nullptr;
  const node* condition = nullptr;
  const node* consequence = nullptr;
  const node* alternative = nullptr;

  /// Null if `properties` has none of that name. Cost: a binary search.
  const node* property(std::string_view name) const noexcept;
};

/// Schemas that reference each other. add() compiles; what it returned is good as long as the set lives.
///
/// Ownership   Owns documents, nodes and patterns; neither copied nor moved, since nodes point into it.
/// Threads     add(): one at a time. Nodes: immutable once add() has returned, so any.
/// Errors      INTERNAL_ERROR: a document that is missing or no JSON, a reference to nothing or round in a circle, a
///             pattern the matcher does not know, a keyword whose value is of a wrong type. A set that has
///             failed once is of no more use.
/// Cost        Each place of a document is compiled once, however often it is referenced.
class schema_set {
 public:
  /// The text of the document of an absolute reference such as "/schemas/3.0.6/core/error.json"; nothing if there is
  /// none.
  using source = std::function<std::optional<std::string_view>(std::string_view path)>;

  explicit schema_set(source documents) : source_(std::move(documents)) {}
  schema_set(const schema_set&) = delete;
  schema_set& operator=(const schema_set&) = delete;

  /// The schema at a reference: a path, or a path with a JSON pointer as its fragment.
  result<const node*> add(std::string_view reference);

 private:
  struct document {
    std::string path;
    boost::json::value value;
  };
  friend class schema_compiler;

  source source_;
  std::map<std::string, document, std::less<>> documents_;
  std::deque<node> nodes_;
  std::map<std::string, pattern, std::less<>> patterns_;
  std::unordered_map<const boost::json::value*, const node*> compiled_;  ///< by the place in its document
};

}  // namespace tenon::tenond::schemas
