#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon {

/// A move-only std::function: holds one callable, which need not copy. Calling an empty one is undefined.
///
/// Cost        One allocation to make, none to move or call.
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
      : held_(std::make_unique<holder<std::remove_cvref_t<Callable>>>(std::forward<Callable>(callable))) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }

  Result operator()(Arguments... arguments) { return held_->call(std::forward<Arguments>(arguments)...); }

 private:
  struct concept_type {
    virtual ~concept_type() = default;
    virtual Result call(Arguments... arguments) = 0;
  };

  template <class Callable>
  struct holder final : concept_type {
    template <class Source>
    explicit holder(Source&& source) : callable(std::forward<Source>(source)) {}
    Result call(Arguments... arguments) override { return callable(std::forward<Arguments>(arguments)...); }
    Callable callable;
  };

  std::unique_ptr<concept_type> held_;
};

}  // namespace tenon
