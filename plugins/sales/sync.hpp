#pragma once

#include "awaited.hpp"
#include "creative.hpp"
#include "retry.hpp"

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>

#include <set>
#include <string>
#include <vector>

namespace tenon::sales {

/// What sync_creatives and list_creatives need of an ad server.
///
/// Errors      sdk::error. One of the seller's or of the moment (CONFIGURATION_ERROR, RATE_LIMITED, ...) fails the
/// whole
///             request; any other fails the creative or the assignment that it is about.
class creative_store {
 public:
  struct stored {
    std::string platform_id;  ///< the ad server's; empty if it has none yet
    std::string action;       ///< created, updated, unchanged
  };

  virtual ~creative_store() = default;

  /// Brings a creative into the library, or says what would be done.
  virtual sdk::task<stored> put(creative item, bool dry_run, deadline until) = 0;

  /// Makes a package serve a creative of the library. `entry` is the assignment as the buyer sent it, at `path`. Throws
  /// no_such_package() unless the package is there for this buyer: see buyer_key(). With
  /// assigns_together() all that the package waits for is held until then.
  virtual sdk::task<void> assign(json::object entry, std::string path, std::string buyer, deadline until) = 0;

  /// What waits for creatives that are not in the library yet; null if nothing may: what names them is refused.
  virtual awaited_creatives* awaited() { return nullptr; }

  /// Whether what is written for one creative of a package depends on the others that the package waits for. Then all
  /// of them are held for it, and who finds one held waits a moment: it may be held for the sake of another creative,
  /// and nobody would come back to this one.
  virtual bool assigns_together() const { return false; }

  /// Which of these ids, each of them there once, the library has creatives of. It is one library for all buyers.
  virtual sdk::task<std::set<std::string>> known(std::vector<std::string> creative_ids, deadline until);

  /// Makes the package of an assignment that waited serve its creative, as its record asks for; as often as one likes.
  /// False: there is nothing to do any more (open_assignment()), or not for this buyer. Throws while that cannot be
  /// told. `held_until`: what comes later may meet another holder's work. Borrowed: `entry` outlives the task.
  virtual sdk::task<bool> attach(awaited_creative const* entry, std::string buyer, deadline held_until);

  /// The answer of list_creatives.
  virtual sdk::task<json::object> list(json::object request, deadline until) = 0;
};

/// After a media buy was written that may wait for these: carries out what waits for those of them that have come
/// meanwhile, as sync_creatives does. Who writes down that it waits looks again afterwards, who brings a creative looks
/// for who waits afterwards, and so one of them sees the other. Borrowed: the library outlives the task.
sdk::task<void> carry_out_known(creative_store* library, std::vector<std::string> creative_ids, std::string buyer,
                                deadline until);

/// An assignment of a creative that is not in the library has to wait, and there is a limit to that: throws
/// CREATIVE_NOT_FOUND for what is beyond it. Borrowed: the library outlives the task.
sdk::task<void> require_awaitable(creative_store* library, asked_assignments asked, std::string buyer, deadline until);
/// Those of a buy that is to be made.
asked_assignments assignments_of(buy_plan const& plan);

/// Adds the creatives that a package waits for and those that it brought: what carry_out_known() looks at.
void add_expected(std::vector<std::string>& all, std::vector<std::string> const& awaited,
                  std::vector<creative> const& brought);

/// The answer of sync_creatives. Borrowed: both outlive the task.
sdk::task<json::object> sync_creatives(creative_store* library, catalogue const* sold, json::object request,
                                       std::string buyer, deadline until);

/// Which creatives a list_creatives request asks for; every set empty means any.
class creative_filter {
 public:
  explicit creative_filter(json::object const& request);

  /// `listed` is an entry of the answer: its creative_id, status and format_id are looked at.
  bool matches(json::object const& listed) const;

 private:
  std::vector<std::string> ids_;
  std::vector<std::string> statuses_;
  std::vector<std::string> formats_;
};

/// The answer of list_creatives: a page of the matching entries.
json::object creatives_answer(json::object const& request, json::array matching);

}  // namespace tenon::sales
