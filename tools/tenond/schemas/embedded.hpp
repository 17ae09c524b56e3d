#pragma once

#include <optional>
#include <span>
#include <string_view>

/// The schemas as they were built into the program, by embed_schemas.py from data/. Texts live as long as the program.
namespace tenon::tenond::schemas::embedded {

/// A schema without what is for readers alone: descriptions, examples, ...
struct document {
  std::string_view path;  ///< as in a $ref: "/schemas/3.0.6/core/error.json"
  std::string_view text;
};

struct task {
  std::string_view name;
  std::string_view schema;  ///< path of its request's document
  std::string_view input;   ///< its input schema for tools/list
};

/// Both sorted.
std::span<const document> documents() noexcept;
std::span<const task> tasks() noexcept;

std::optional<std::string_view> find_document(std::string_view path) noexcept;

}  // namespace tenon::tenond::schemas::embedded
