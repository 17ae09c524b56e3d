/* Goal: the ABI headers mean the same in C11 and C++20 with every compiler, and no struct changes its layout unnoticed.
 * Method: compiled, not run: ctest gives this file to gcc and clang, as C and as C++.
 *
 * If an assertion fails, the binary contract has changed: see abi.version. */

#include <tenon/abi/plugin.h>

#include <assert.h>
#include <stddef.h>

#define SIZE(type, bytes) \
  static_assert(sizeof(type) == (bytes), "the size of " #type " has changed: see tests/abi/abi.version")
#define AT(type, member, bytes) \
  static_assert(offsetof(type, member) == (bytes), #type "." #member " has moved: see tests/abi/abi.version")

TENON_MANIFEST("{\"id\": \"layout\"}");

SIZE(tenon_str, 16);
AT(tenon_str, ptr, 0);
AT(tenon_str, len, 8);

SIZE(tenon_reply, 128);
AT(tenon_reply, struct_size, 0);
AT(tenon_reply, status, 4);
AT(tenon_reply, body, 8);
AT(tenon_reply, code, 24);
AT(tenon_reply, message, 40);
AT(tenon_reply, field, 56);
AT(tenon_reply, suggestion, 72);
AT(tenon_reply, details, 88);
AT(tenon_reply, operator_detail, 104);
AT(tenon_reply, recovery, 120);
AT(tenon_reply, retry_after_s, 124);

SIZE(tenon_host, 40);
AT(tenon_host, struct_size, 0);
AT(tenon_host, abi_major, 4);
AT(tenon_host, abi_minor, 8);
AT(tenon_host, reserved, 12);
AT(tenon_host, complete, 16);
AT(tenon_host, get_service, 24);
AT(tenon_host, cancel, 32);

SIZE(tenon_log_1, 8);
AT(tenon_log_1, write, 0);

SIZE(tenon_clock_1, 16);
AT(tenon_clock_1, steady_ns, 0);
AT(tenon_clock_1, wall_ns, 8);

SIZE(tenon_timer_1, 8);
AT(tenon_timer_1, start, 0);

SIZE(tenon_header, 48);
AT(tenon_header, name, 0);
AT(tenon_header, value, 16);
AT(tenon_header, secret, 32);

SIZE(tenon_http_request, 80);
AT(tenon_http_request, struct_size, 0);
AT(tenon_http_request, timeout_ms, 4);
AT(tenon_http_request, method, 8);
AT(tenon_http_request, url, 24);
AT(tenon_http_request, headers, 40);
AT(tenon_http_request, header_count, 48);
AT(tenon_http_request, body, 56);
AT(tenon_http_request, max_response_bytes, 72);

SIZE(tenon_http_response, 64);
AT(tenon_http_response, struct_size, 0);
AT(tenon_http_response, status, 4);
AT(tenon_http_response, phase, 8);
AT(tenon_http_response, http_status, 12);
AT(tenon_http_response, headers, 16);
AT(tenon_http_response, header_count, 24);
AT(tenon_http_response, body, 32);
AT(tenon_http_response, message, 48);

SIZE(tenon_http_1, 16);
AT(tenon_http_1, start, 0);
AT(tenon_http_1, wait, 8);

SIZE(tenon_crypto_1, 24);
AT(tenon_crypto_1, sign, 0);
AT(tenon_crypto_1, hash, 8);
AT(tenon_crypto_1, random, 16);

SIZE(tenon_secret_1, 8);
AT(tenon_secret_1, read, 0);

SIZE(tenon_turn, 40);
AT(tenon_turn, struct_size, 0);
AT(tenon_turn, burst, 4);
AT(tenon_turn, key, 8);
AT(tenon_turn, interval_ns, 24);
AT(tenon_turn, max_wait_ns, 32);

SIZE(tenon_limiter_1, 16);
AT(tenon_limiter_1, acquire, 0);
AT(tenon_limiter_1, hold, 8);

SIZE(tenon_store_entry, 40);
AT(tenon_store_entry, key, 0);
AT(tenon_store_entry, value, 16);
AT(tenon_store_entry, version, 32);

SIZE(tenon_store_result, 40);
AT(tenon_store_result, struct_size, 0);
AT(tenon_store_result, status, 4);
AT(tenon_store_result, entries, 8);
AT(tenon_store_result, entry_count, 16);
AT(tenon_store_result, message, 24);

SIZE(tenon_store_write, 48);
AT(tenon_store_write, key, 0);
AT(tenon_store_write, value, 16);
AT(tenon_store_write, expected, 32);
AT(tenon_store_write, what, 40);
AT(tenon_store_write, reserved, 44);

SIZE(tenon_store_1, 24);
AT(tenon_store_1, get, 0);
AT(tenon_store_1, list, 8);
AT(tenon_store_1, write, 16);

SIZE(tenon_submission, 48);
AT(tenon_submission, struct_size, 0);
AT(tenon_submission, reserved, 4);
AT(tenon_submission, resume, 8);
AT(tenon_submission, message, 24);
AT(tenon_submission, delay_ns, 40);

SIZE(tenon_task_1, 8);
AT(tenon_task_1, submit, 0);

SIZE(tenon_call, 152);
AT(tenon_call, struct_size, 0);
AT(tenon_call, flags, 4);
AT(tenon_call, task, 8);
AT(tenon_call, request, 24);
AT(tenon_call, tenant, 40);
AT(tenon_call, account_id, 56);
AT(tenon_call, principal, 72);
AT(tenon_call, trace_id, 88);
AT(tenon_call, idempotency_key, 104);
AT(tenon_call, deadline_ns, 120);
AT(tenon_call, resume, 128);
AT(tenon_call, attempt, 144);
AT(tenon_call, reserved, 148);

SIZE(tenon_create, 72);
AT(tenon_create, struct_size, 0);
AT(tenon_create, reserved, 4);
AT(tenon_create, tenant, 8);
AT(tenon_create, settings, 24);
AT(tenon_create, specialisms, 40);
AT(tenon_create, inherited, 56);

SIZE(tenon_plugin, 128);
AT(tenon_plugin, magic, 0);
AT(tenon_plugin, struct_size, 8);
AT(tenon_plugin, abi_major, 12);
AT(tenon_plugin, abi_minor, 16);
AT(tenon_plugin, reserved, 20);
AT(tenon_plugin, id, 24);
AT(tenon_plugin, version, 40);
AT(tenon_plugin, tasks, 56);
AT(tenon_plugin, task_count, 64);
AT(tenon_plugin, init, 72);
AT(tenon_plugin, deinit, 80);
AT(tenon_plugin, create, 88);
AT(tenon_plugin, call, 96);
AT(tenon_plugin, cancel, 104);
AT(tenon_plugin, destroy, 112);
AT(tenon_plugin, get_interface, 120);

SIZE(tenon_health_1, 8);
AT(tenon_health_1, check, 0);
SIZE(tenon_handover_1, 8);
AT(tenon_handover_1, give, 0);
