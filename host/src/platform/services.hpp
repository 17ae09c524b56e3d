#pragma once

#include <tenon/abi/host.h>

/// The tables that get_service() hands out. Constant and immortal; every function finds its platform by the frame on
/// its thread.
namespace tenon {

extern const tenon_log_1 log_service;
extern const tenon_clock_1 clock_service;
extern const tenon_timer_1 timer_service;
extern const tenon_http_1 http_service;
extern const tenon_crypto_1 crypto_service;
extern const tenon_secret_1 secret_service;
extern const tenon_limiter_1 limiter_service;
extern const tenon_store_1 store_service;
extern const tenon_task_1 task_service;

}  // namespace tenon
