#pragma once

#include "retry.hpp"
#include "state.hpp"

#include <tenon/sdk/context.hpp>
#include <tenon/sdk/task.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenon::sales {

/// A package that waits for a creative: the buyer assigned it before sending it. A value; what the buyer said of the
/// assignment, its weight, is in the package's record.
class awaited_creative {
 public:
  awaited_creative(std::string creative_id, std::string package_id, std::string media_buy_id, instant end)
      : creative_id_(std::move(creative_id)),
        package_id_(std::move(package_id)),
        media_buy_id_(std::move(media_buy_id)),
        end_(end) {}

  std::string const& creative_id() const noexcept { return creative_id_; }
  std::string const& package_id() const noexcept { return package_id_; }
  std::string const& media_buy_id() const noexcept { return media_buy_id_; }
  instant end() const noexcept { return end_; }  ///< of the package: nothing is waited for after it

 private:
  friend class awaited_creatives;

  std::string creative_id_;
  std::string package_id_;
  std::string media_buy_id_;
  instant end_;
  std::string holder_;
  instant held_until_;
  std::string key_;
  std::uint64_t version_ = 0;
};

/// The assignments that a request makes to packages: how many more have to wait is counted from them.
class asked_assignments {
 public:
  /// Of a package that the request changes, or makes: then its path stands for its id. With `replaces` it has these
  /// assignments instead of those it had.
  void add(std::string const& package_id, std::vector<assignment> const& assignments, bool replaces,
           std::string const& path);

  /// Each once.
  std::vector<std::string> creative_ids() const;

  /// Leaves out those of creatives that are there: they do not wait.
  void leave_out(std::set<std::string> const& creative_ids);

  bool empty() const noexcept { return pairs_.empty(); }

 private:
  friend class awaited_creatives;

  std::map<std::pair<std::string, std::string>, std::string> pairs_;  ///< creative and package; where they were asked
  std::map<std::string, bool> packages_;                              ///< that are changed; whether all is replaced
};

/// What of a buyer's assignments waits for creatives, in store/1: one entry for each package and creative. It is an
/// index: the assignment itself is in the package's record in the ad server, and an entry whose package does not name
/// the creative any more means nothing.
///
/// An entry is written before the buyer is answered and erased after the ad server has the creative with the package,
/// so that a process that dies in between leaves work to be done twice, never work that is forgotten. Whoever carries
/// an entry out, or changes its package, holds it; a holder that dies loses it after `lease`.
///
/// Buyer       See buyer_key(). Nobody is shown another buyer's entries, or has them carried out by sending a creative.
///             The library is another matter: it is one for all, and a creative that anybody has sent is there.
/// Errors      SERVICE_UNAVAILABLE when the store fails; what is named at each.
/// Threads     The platform's, one at a time; other platforms of the tenant may use the same store meanwhile.
class awaited_creatives {
 public:
  static constexpr std::size_t most = 1000;  ///< of one buyer
  static constexpr std::chrono::seconds lease{60};
  /// How long one request waits for other holders, all in all. Most are done by then; one whose ad server is slow is
  /// not.
  static constexpr std::chrono::milliseconds patience{5000};

  explicit awaited_creatives(sdk::platform_context context) : context_(std::move(context)) {}

  sdk::task<std::vector<awaited_creative>> of_buyer(std::string buyer);
  sdk::task<std::vector<awaited_creative>> of_creative(std::string buyer, std::string creative_id);

  /// Throws CREATIVE_NOT_FOUND with the path of one of them if the buyer cannot have so many more: those that do not
  /// wait already, less those that the request takes away. Makes room of packages that have ended.
  sdk::task<void> require_room(std::string buyer, asked_assignments asked);

  /// Writes it down, unless it is.
  sdk::task<void> note(std::string buyer, awaited_creative fresh);

  /// A name that no other holder has.
  std::string new_holder() const;
  /// Until when a holder may work on what it holds now.
  deadline held_until(deadline until) const;
  /// Throws SERVICE_UNAVAILABLE, which passes, once that is over: before what is written to the ad server.
  void require_held(deadline held_until) const;
  /// Lets an entry go, as it was, unless somebody has written it since. False: somebody has erased it.
  sdk::task<bool> release(awaited_creative entry);
  /// Erases it, unless somebody has written it since.
  sdk::task<void> erase(awaited_creative entry);

  /// Holds all of these that are still there, in as few writes as the store takes. None: somebody has one of them, and
  /// then nothing is held. When the store fails in between, what it has written is held till the lease ends.
  sdk::task<std::optional<std::vector<awaited_creative>>> hold_all(std::vector<awaited_creative> known,
                                                                   std::string holder);
  /// Lets them go as they were, and with the same writes erases that of the creative that is `done` (empty: none is).
  /// Those that somebody has written since stay as they are.
  sdk::task<void> let_go(std::vector<awaited_creative> held, std::string done);
  /// Waits a moment for another holder and takes it from the patience. False: there is none left, or no time. Borrowed:
  /// `left` outlives the task.
  sdk::task<bool> give_way(std::chrono::milliseconds* left, deadline until);
  /// Holds all entries of a package that is being changed. Throws CONFLICT, which passes, while somebody holds one.
  sdk::task<std::vector<awaited_creative>> hold_package(std::string buyer, std::string package_id, std::string holder);
  /// Lets them go: those that are wanted stay, others are erased, and what is wanted besides, or was lost meanwhile, is
  /// written down.
  sdk::task<void> replace(std::string buyer, std::vector<awaited_creative> held, std::vector<awaited_creative> wanted);

  /// Erases an entry, or all of a media buy, whoever holds them.
  sdk::task<void> forget(std::string buyer, std::string creative_id, std::string package_id);
  sdk::task<void> forget_buy(std::string buyer, std::string media_buy_id);

  /// The same of what is canceled of a media buy as it was read. Borrowed: the state outlives the task.
  sdk::task<void> forget_canceled(std::string buyer, buy_state const* state);

  /// Tells a media buy, as it was read, which of its packages wait for what.
  sdk::task<void> mark(std::string buyer, buy_state* state);

 private:
  std::string key_of(std::string const& buyer, std::string const& creative_id, std::string const& package_id) const;
  sdk::task<std::vector<awaited_creative>> below(std::string prefix);
  static std::string text_of(awaited_creative const& entry);
  /// Writes all of them, or none, over the versions that they have, which are the new ones then. Else: what stands
  /// there instead of one of them. Borrowed: they outlive the task.
  sdk::task<std::optional<sdk::store_entry>> write(std::vector<awaited_creative>* entries);
  /// As many as one write takes.
  static std::vector<awaited_creative> first_of(std::vector<awaited_creative> const& all);
  static void drop(std::vector<awaited_creative>& all, std::string const& key);
  instant now() const { return std::chrono::floor<std::chrono::seconds>(context_.time().wall()); }

  sdk::platform_context context_;
};

/// The entries of one package while an update changes it: held, so that nobody carries out what is to be taken away; or
/// while one of its creatives is assigned to it: held, so that nobody else makes the same ad.
///
/// Lifetime    Borrows what it is given by reference.
class package_awaits {
 public:
  package_awaits(awaited_creatives& all, std::string buyer, std::string package_id, std::string media_buy_id)
      : all_(all),
        buyer_(std::move(buyer)),
        package_id_(std::move(package_id)),
        media_buy_id_(std::move(media_buy_id)) {}

  /// Before the ad server is written to. Throws CONFLICT, which passes.
  sdk::task<void> hold(std::string holder);

  /// Before a creative is assigned to it: holds the entry of that, or `all` of the package. Waits for who holds one, as
  /// give_way() does. False: somebody still does. It may be that nobody waits for the creative any more: see held().
  sdk::task<bool> hold_for(std::string creative_id, bool all, std::chrono::milliseconds* patience, deadline until);
  /// The entry of that creative, if it is held; else null.
  awaited_creative const* held(std::string const& creative_id) const noexcept;
  /// After it: the creative is assigned and not waited for any more, and the others are let go.
  sdk::task<void> assigned(std::string creative_id);

  /// Until when the ad server may be written to: what comes later than that may meet another holder's work.
  deadline held_until(deadline until) const;
  void require_held() const { all_.require_held(lease_ends_); }

  /// The creatives that the update assigns and that are not there yet, for the update to fill.
  std::vector<std::string>& absent() noexcept { return absent_; }

  /// After it: the package waits for what is absent, and with `replaces` for nothing else; until `end`.
  sdk::task<void> settle(bool replaces, instant end);

  /// What it waits for since it was settled.
  std::vector<std::string> const& waiting() const noexcept { return waiting_; }

  /// It has failed: what is held is let go as it was. Throws nothing, for what is not let go is lost in time.
  sdk::task<void> release();

  /// After it: the package is canceled and waits for nothing.
  sdk::task<void> end();

 private:
  awaited_creatives& all_;
  std::string buyer_;
  std::string package_id_;
  std::string media_buy_id_;
  std::vector<awaited_creative> held_;
  deadline lease_ends_;
  std::vector<std::string> absent_;
  std::vector<std::string> waiting_;
};

/// The entries of these that are of one package.
std::vector<awaited_creative> of_package(std::vector<awaited_creative> all, std::string const& package_id);

/// Tells the packages of a media buy which of these they wait for.
void mark_awaited(buy_state& state, std::vector<awaited_creative> const& all);

}  // namespace tenon::sales
