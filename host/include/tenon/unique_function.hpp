#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// What is kept with a callable: the first of it in place, if it is no larger than two pointers and a bit.
class kept_owners {
 public:
  kept_owners() = default;
  kept_owners(const kept_owners&) = delete;
  kept_owners& operator=(const kept_owners&) = delete;
  ~kept_owners() {
    if (drop_ != nullptr) drop_(room_);
  }

  template <class Owner>
  void keep(Owner owner) {
    if constexpr (sizeof(Owner) <= sizeof room_ && alignof(Owner) <= alignof(void*) &&
                  std::is_nothrow_move_constructible_v<Owner>) {
      if (drop_ == nullptr) {
        new (room_) Owner(std::move(owner));
        drop_ = [](void* kept) noexcept { static_cast<Owner*>(kept)->~Owner(); };
        return;
      }
    }
    more_ = std::make_shared<std::pair<Owner, std::shared_ptr<void>>>(std::move(owner), std::move(more_));
  }

 private:
  alignas(void*) std::byte room_[3 * sizeof(void*)];
  void (*drop_)(void*) noexcept = nullptr;
  std::shared_ptr<void> more_;
};

}  // namespace detail

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

  /// Keeps `owner`, a shared_ptr or anything else that keeps something alive, as long as the callable. For who hands
  /// the function to something that must outlive the call.
  template <class Owner>
  void keep(Owner owner) {
    held_->kept.keep(std::move(owner));
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

    detail::kept_owners kept;
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
