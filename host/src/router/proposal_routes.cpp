#include "router/proposal_routes.hpp"

#include "router/start_call.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <utility>

namespace tenon {
namespace {

constexpr std::size_t max_json_depth = 256;

error configuration_error(std::string message) { return make_error("CONFIGURATION_ERROR", std::move(message)); }

}  // namespace

bool asks_for_refinement(std::string_view body) {
  // The word can only be there in clear or in \u escapes; most requests have neither and are not parsed.
  if (body.find("refine") == body.npos && body.find("\\u") == body.npos) return false;
  boost::json::parse_options options;
  options.max_depth = max_json_depth;
  boost::json::error_code failed;
  const auto parsed = boost::json::parse(body, failed, {}, options);
  const auto* request = failed ? nullptr : parsed.if_object();
  const auto* mode = request == nullptr ? nullptr : request->if_contains("buying_mode");
  const auto* text = mode == nullptr ? nullptr : mode->if_string();
  return text != nullptr && *text == "refine";
}

proposal_routes::proposal_routes(proposal_managers managers, proposal_stores stores,
                                 proposal_store_factory store_factory)
    : managers_(std::move(managers)), stores_(std::move(stores)), store_factory_(std::move(store_factory)) {
  std::erase_if(managers_, [](const auto& entry) { return entry.second == nullptr; });
  std::erase_if(stores_, [](const auto& entry) { return entry.second == nullptr; });
}

std::optional<error> proposal_routes::check() const {
  if (!stores_.empty() && store_factory_) {
    return configuration_error("Expected either proposal_stores or proposal_store_factory, found both; leave one out.");
  }
  if (store_factory_) return std::nullopt;
  for (const auto& [tenant, manager] : managers_) {
    if (!manager->capabilities().finalize || stores_.contains(tenant)) continue;
    return configuration_error(
        "Expected a proposal store for tenant \"" + tenant +
        "\", whose proposal manager declares finalize, found none; add one to proposal_stores or "
        "give a proposal_store_factory.");
  }
  return std::nullopt;
}

std::optional<error> proposal_routes::check_orphans(const std::function<bool(const std::string&)>& is_tenant) const {
  const auto orphan = [](const std::string& tenant, const std::string& what) {
    return configuration_error("Expected a platform for every tenant of " + what + ", found the orphan tenant_id \"" +
                               tenant + "\"; add its platform or leave the entry out.");
  };
  for (const auto& [tenant, manager] : managers_) {
    if (!is_tenant(tenant)) return orphan(tenant, "proposal_managers");
  }
  for (const auto& [tenant, store] : stores_) {
    if (!is_tenant(tenant)) return orphan(tenant, "proposal_stores");
  }
  return std::nullopt;
}

std::shared_ptr<proposal_manager> proposal_routes::manager(std::string_view tenant) const {
  const auto at = managers_.find(tenant);
  return at == managers_.end() ? nullptr : at->second;
}

std::shared_ptr<proposal_store> proposal_routes::store(const std::string& tenant) const {
  if (const auto at = stores_.find(tenant); at != stores_.end()) return at->second;
  return store_factory_ ? store_factory_(tenant) : nullptr;
}

void start_on_manager(const boost::asio::any_io_executor& blocking, std::shared_ptr<proposal_manager> manager,
                      call_request request, reply_handler done) {
  const bool refines = manager->capabilities().refine && asks_for_refinement(request.body);
  const bool blocks = manager->blocks();
  const auto entry = refines ? &proposal_manager::refine_products : &proposal_manager::get_products;
  auto& receiver = *manager;
  start_call(blocking, blocks, receiver, std::move(manager), entry, "the proposal manager", std::move(request),
             std::move(done));
}

}  // namespace tenon
