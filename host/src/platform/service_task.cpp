// task/1
#include "platform/known_members.hpp"
#include "platform/plain_text.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

constexpr std::chrono::nanoseconds longest_delay = std::chrono::hours(24);
constexpr std::size_t longest_message = 1024;

tenon_status submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) noexcept {
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || submission == nullptr) return TENON_E_INVALID;
  const auto known = known_members(*submission);
  if (known.reserved != 0) return TENON_E_INVALID;
  if (!is_well_formed(known.resume) || !is_well_formed(known.message)) return TENON_E_INVALID;
  if (known.resume.len == 0 || known.resume.len > TENON_TASK_RESUME_BYTES) return TENON_E_INVALID;
  auto& shell = frame->shell();
  task_submission what{.resume = std::string(view_of(known.resume)),
                       .message = scrubbed(shell.secrets()->without_secrets(view_of(known.message)), longest_message),
                       .delay = std::chrono::nanoseconds(
                           std::min<std::uint64_t>(known.delay_ns, static_cast<std::uint64_t>(longest_delay.count())))};
  return shell.submit(*frame, token, std::move(what));
}

}  // namespace

const tenon_task_1 task_service = {.submit = &submit};

}  // namespace tenon
