#pragma once

#include "sandbox/gam/collections.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The batches of the API: everything is checked before anything is stored, so that a batch is taken whole or not at
/// all.
namespace tenon::sandbox::gam {

/// How a kind of object is created and updated. `name` is what one is called in a request, `collection` where they are
/// kept, `plural` what the answer calls them.
struct batch_kind {
  std::string_view name;
  std::string_view collection;
  std::string_view plural;

  /// The object as it will be stored, or the refusal of what was given; `path` is where it stands in the body.
  std::function<json::object(const call&, const json::object& given, const std::string& path)> prepare;
  std::function<json::object(const call&, json::object fields)> store_new;
  /// The same for a change of `held`; without it the kind has no updates.
  std::function<json::object(const call&, const record& held, const json::object& given, std::string_view mask,
                             const std::string& path)>
      prepare_update = nullptr;
  std::function<json::object(const call&, record& held, json::object fields)> store_update = nullptr;
  /// Throws unless `parent` is right for the object, by default the network.
  std::function<void(const call&, const json::object& given, const std::string& parent, const std::string& path)>
      check_parent = nullptr;
  /// Throws if the last of the objects prepared so far does not go with the others.
  std::function<void(const std::vector<json::object>& made)> check_together = nullptr;
};

http::response create_batch(call& request, const batch_kind& kind);
http::response update_batch(call& request, const batch_kind& kind);

}  // namespace tenon::sandbox::gam
