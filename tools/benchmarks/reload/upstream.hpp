#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace tenon::bench {

/// An ad server on a loopback port, with a thread of its own, that answers every GET with a little JSON, unless the
/// path starts with "/faulty" while it is told to fail: then one after the other late, with a reset, 500 or 429.
class faulty_upstream {
 public:
  faulty_upstream();
  faulty_upstream(const faulty_upstream&) = delete;
  faulty_upstream& operator=(const faulty_upstream&) = delete;
  ~faulty_upstream();

  std::string origin() const;
  void fail(bool from_now_on);

 private:
  struct state;
  const std::unique_ptr<state> state_;
};

}  // namespace tenon::bench
