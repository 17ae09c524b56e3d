#pragma once

namespace tenon {

/// Lets the calling thread, and the processes that it starts, run for a tenth of a millisecond at a time where the
/// kernel has turns by thread (Linux 6.12), so that a request that wakes up on the same processor waits for that and
/// not for three milliseconds. Takes nothing from its share of the processor: a low priority would make canaries miss
/// their limits on a busy machine, and whoever waits for a lock wait longer. What the kernel refuses is left as it is.
void take_short_turns() noexcept;

}  // namespace tenon
