#pragma once

#include <tenon/proposal.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A proposal manager that writes down what it was asked and answers with its own name.
class fake_manager final : public proposal_manager {
 public:
  explicit fake_manager(std::string name, proposal_capabilities declared = {}, bool blocking = false)
      : name_(std::move(name)), declared_(declared), blocking_(blocking) {}

  proposal_capabilities capabilities() const noexcept override { return declared_; }
  bool blocks() const noexcept override { return blocking_; }

  void get_products(call_request, reply_handler done) override { answer("get_products", std::move(done)); }
  void refine_products(call_request, reply_handler done) override { answer("refine_products", std::move(done)); }

  std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  void answer(const char* what, reply_handler done) {
    {
      const std::lock_guard lock(mutex_);
      calls_.emplace_back(what);
    }
    done(reply{"{\"manager\":\"" + name_ + "\"}"});
  }

  const std::string name_;
  const proposal_capabilities declared_;
  const bool blocking_;
  mutable std::mutex mutex_;
  std::vector<std::string> calls_;
};

/// A manager that declares more than it implements.
class boastful_manager final : public proposal_manager {
 public:
  proposal_capabilities capabilities() const noexcept override { return {.refine = true, .finalize = true}; }
  void get_products(call_request, reply_handler done) override { done(reply{R"({"manager":"boastful"})"}); }
};

/// A proposal store, which routers tell apart by identity alone.
class fake_store final : public proposal_store {
 public:
  std::optional<std::string> get(const std::string& proposal_id) const override {
    const auto at = proposals_.find(proposal_id);
    return at == proposals_.end() ? std::nullopt : std::optional(at->second);
  }
  void put(const std::string& proposal_id, std::string proposal) override {
    proposals_[proposal_id] = std::move(proposal);
  }
  void discard(const std::string& proposal_id) override { proposals_.erase(proposal_id); }

 private:
  std::map<std::string, std::string> proposals_;
};

}  // namespace tenon::testing
