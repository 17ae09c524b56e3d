#include "catalog/claims.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

std::string place_text(const std::string& file, std::uint32_t line) { return file + ':' + std::to_string(line); }

class settlement {
 public:
  settlement(std::vector<tenant_record>& records, const tenants_in_force& in_force) : records_(records) {
    for (const auto& entry : in_force) {
      if (entry->plugin.empty()) continue;  // stands for a table that has never been sound
      for (auto& key : claim_keys(*entry)) {
        const auto [at, is_new] = sitting_.emplace(std::move(key), entry.get());
        if (!is_new && at->second != entry.get()) at->second = nullptr;
      }
    }
    for (auto& record : records_) {
      by_name_[record.draft.entry.name].push_back(&record);
      for (const auto& wanted : record.draft.claims) index(record, wanted);
    }
  }

  /// A tenant that breaks keeps what it has in force, which may break the next one: until nothing changes.
  void settle() {
    bool again = true;
    while (again) {
      again = false;
      for (auto& record : records_) {
        for (const auto& wanted : record.draft.claims) again = refuse_if_disputed(record, wanted) || again;
      }
    }
  }

 private:
  struct holder {
    tenant_record* record;
    const claim* wanted;
  };

  void index(tenant_record& record, const claim& wanted) {
    auto& holders = by_key_[wanted.key];
    if (!holders.empty() && holders.back().record == &record) {
      record.scope.error(wanted.line, "expected " + wanted.what + " once, found it again; the first is at " +
                                          place_of(holders.back()));
      settled_.insert(&wanted);
      return;
    }
    holders.push_back({&record, &wanted});
  }

  bool refuse_if_disputed(tenant_record& record, const claim& wanted) {
    if (settled_.contains(&wanted)) return false;
    const auto& tenant = record.draft.entry.name;
    const auto& holders = by_key_.at(wanted.key);
    const auto sits = sitting_.find(wanted.key);
    const auto* owner = sits == sitting_.end() ? nullptr : sits->second;
    if (owner != nullptr && owner->name == tenant) return false;
    std::string why;
    const auto listed = std::ranges::find_if(holders, [&](const holder& each) {
      return owner != nullptr && each.record->draft.entry.name == owner->name;
    });
    if (listed != holders.end() || (owner != nullptr && is_broken(owner->name))) {
      const auto place =
          listed != holders.end() ? place_of(*listed) : place_text(owner->place.file, owner->place.line);
      why = in_quotes(owner->name) + " has it in force at " + place + " and keeps it";
    } else {
      const auto other =
          std::ranges::find_if(holders, [&](const holder& each) { return each.record != &record; });
      if (other == holders.end()) return false;
      why = in_quotes(other->record->draft.entry.name) + " has it at " + place_of(*other) +
            "; neither gets it while both list it";
    }
    record.scope.error(wanted.line, "expected " + wanted.what + " in one tenant, found it in tenant " +
                                        in_quotes(tenant) + " too; tenant " + why);
    settled_.insert(&wanted);
    return true;
  }

  /// Its table is there but not sound: its last good one stays in force.
  bool is_broken(const std::string& tenant) const {
    const auto at = by_name_.find(tenant);
    return at != by_name_.end() &&
           std::ranges::all_of(at->second, [](const tenant_record* each) { return each->scope.errors() > 0; });
  }

  static std::string place_of(const holder& of) { return place_text(of.record->scope.file(), of.wanted->line); }

  std::vector<tenant_record>& records_;
  std::unordered_map<std::string, const tenant_entry*> sitting_;  // to null: two have it, so nobody
  std::unordered_map<std::string, std::vector<tenant_record*>> by_name_;
  std::unordered_map<std::string, std::vector<holder>> by_key_;
  std::unordered_set<const claim*> settled_;  // those that have an error already
};

}  // namespace

void settle_claims(std::vector<tenant_record>& records, const tenants_in_force& in_force) {
  settlement(records, in_force).settle();
}

}  // namespace tenon
