#pragma once

namespace tenon {

/// Lets the calling thread, and the processes that it starts, give way to threads that serve requests: a lower priority
/// (nice 10), and short turns where the kernel has them by thread (Linux 6.12), so that who wakes up waits for a tenth
/// of a millisecond and not for three. For good: to go back takes a privilege. What the kernel refuses is left as it
/// is.
void work_in_background() noexcept;

}  // namespace tenon
