#pragma once

#include "reload/deployment.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace tenon {

/// Which tenants are to be built from other bytes than those in the plugin directory: while a plugin is rolled out, and
/// after it was rolled back. Asked by every plan, so that no reload moves a tenant behind a rollout's back. Kept in
/// memory: the next process takes what lies in the directory.
///
/// Threads     Any, concurrently.
class rollout_book {
 public:
  using image = std::shared_ptr<const plugin_image>;

  /// From now on the plugin's tenants have what they have now, until they are moved.
  void begin(const std::string& plugin, image fresh, std::map<std::string, image> had);

  void move(const std::string& plugin, const std::vector<std::string>& tenants);

  /// All are to have what they had, and these bytes are not taken again until release().
  void roll_back(const std::string& plugin);

  /// What lies in the directory counts again, unless it was rolled back.
  void end(const std::string& plugin);

  /// Somebody asks for the bytes, whatever became of them before. Not while they are rolled out.
  void release(const std::string& plugin);

  /// What a tenant is to have instead of `offered`; null: that. `now`: what it has, may be null; `offered` too.
  image instead_of(const image& offered, const tenant_entry& wanted, const deployment* now) const;

  bool rolls_out(const std::string& plugin) const;

 private:
  struct page {
    image fresh;
    std::map<std::string, image> had;
    std::set<std::string> moved;
    bool running = true;
  };

  mutable std::mutex mutex_;
  std::map<std::string, page, std::less<>> pages_;
};

}  // namespace tenon
