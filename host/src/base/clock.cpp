#include <tenon/clock.hpp>

namespace tenon {
namespace {

class machine_clock final : public clock {
 public:
  steady_time steady_now() const noexcept override { return std::chrono::steady_clock::now(); }
  wall_time wall_now() const noexcept override { return std::chrono::system_clock::now(); }
};

constinit const machine_clock machine;

}  // namespace

const clock& system_clock() noexcept { return machine; }

}  // namespace tenon
