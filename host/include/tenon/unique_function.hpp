#pragma once

#include <atomic>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon {

/// A move-only std::function: holds one callable, which need not copy. Calling an empty one is undefined.
///
/// Lifetime    The callable lives as long as the last handle on it: there is one, unless somebody took a spare().
/// Cost        One allocation to make, none to move, call, keep() once or take a spare.
template <class Signature>
class unique_function;

template <class Result, class... Arguments>
class unique_function<Result(Arguments...)> {
 public:
  unique_function() = default;

  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, unique_function> &&
             std::is_invocable_r_v<Result, std::remove_cvref_t<Callable>&, Arguments...>)
  unique_function(Callable&& callable)  // NOLINT(google-explicit-constructor): as std::function
      : held_(std::make_shared<holder<std::remove_cvref_t<Callable>>>(std::forward<Callable>(callable))) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }

  Result operator()(Arguments... arguments) {
    held_->called.store(true, std::memory_order_relaxed);
    return held_->call(std::forward<Arguments>(arguments)...);
  }

  /// Keeps `owner` alive as long as the callable. For who hands the function to something that must outlive the call.
  void keep(std::shared_ptr<const void> owner) {
    auto& kept = held_->kept;
    if (kept)
      owner = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(kept, owner);
    kept = std::move(owner);
  }

  /// A second handle on the same callable, for who hands the function on and must call it in the place of a
  /// receiver that threw. Not for calling it twice: ask called() first.
  unique_function spare() const noexcept {
    unique_function other;
    other.held_ = held_;
    return other;
  }

  /// Whether any handle has been called.
  bool called() const noexcept { return held_->called.load(std::memory_order_relaxed); }

 private:
  struct concept_type {
    virtual ~concept_type() = default;
    virtual Result call(Arguments... arguments) = 0;

    std::shared_ptr<const void> kept;
    std::atomic<bool> called = false;
  };

  template <class Callable>
  struct holder final : concept_type {
    template <class Source>
    explicit holder(Source&& source) : callable(std::forward<Source>(source)) {}
    Result call(Arguments... arguments) override { return callable(std::forward<Arguments>(arguments)...); }
    Callable callable;
  };

  std::shared_ptr<concept_type> held_;
};

}  // namespace tenon
