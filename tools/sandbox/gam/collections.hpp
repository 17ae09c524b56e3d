#pragma once

#include "sandbox/call.hpp"
#include "sandbox/gam/delivery.hpp"
#include "sandbox/gam/mask.hpp"
#include "sandbox/gam/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What every collection has in common: names, get, list, batches, the reading of bodies.
namespace tenon::sandbox::gam {

constexpr std::size_t batch_limit = 100;

/// networks/{n}/{collection}/{id}
std::string name_of(const gam_network& network, std::string_view collection, std::string_view id);
std::string next_name(gam_network& network, std::string_view collection);

/// The body as an object, or 400. `allowed` are the only members it may have.
json::object body_of(const call& request);
void allow_only(const json::object& body, std::initializer_list<std::string_view> allowed,
                const std::string& path = {});

/// Query parameters besides the ones every method takes, or 400 for an unknown one.
void allow_query(const call& request, std::initializer_list<std::string_view> allowed = {});

/// Reads an object to create; throws 400 with every violation.
json::object read_new(const gam_network& network, const message& shape, const json::object& given,
                      const std::string& path);

/// Reads an object to update, merges it by `updateMask` (none: everything given) and checks that what results is whole
/// and that nothing immutable changed. `given_name` says which record.
json::object read_update(const gam_network& network, const message& shape, const record& held,
                         const json::object& given, std::string_view update_mask, const std::string& path);

/// `requests` of a batch: 1 to 100 objects, or 400.
const json::array& requests_of(const json::object& body);

/// `names` of an action on a collection: 1 to `limit`, all of this network, all there. `below` is the parent they must
/// have.
std::vector<record*> named(gam_network& network, std::string_view collection, const json::object& body,
                           std::size_t limit = batch_limit);

/// The answer: `shown` under the field mask the client asked for.
http::response answer(const call& request, const json::value& shown);

/// The record that a path names, or 404.
record& existing(gam_network& network, std::string_view collection, std::string_view name);

/// One page of the records that `belongs` admits, as the list methods answer it under `member`.
http::response list_page(const call& request, std::string_view collection, std::string_view member,
                         const std::function<bool(const record&)>& belongs);

// Handlers; the endpoint's subject is the collection.
http::response get(call& request);
http::response list(call& request);
http::response get_network(call& request);

}  // namespace tenon::sandbox::gam
