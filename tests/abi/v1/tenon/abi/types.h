/* tenon plugin ABI: the words both sides share.
 *
 * C11 and C++20. These headers (types.h, plugin.h, host.h) are the only binary contract between the host and a plugin.
 * Within a major version it only grows: a struct gets members at its end, a service or an interface comes under a new
 * name, nothing changes its meaning. A host takes plugins of its own major version and of its own or an older minor one.
 * docs/abi.md has the rules at length; tests/abi/v1 holds 1.0 as it was.
 *
 * Rules that hold everywhere and are not repeated below:
 *
 *   Text        UTF-8, pointer and length, not NUL-terminated; ptr may be null if and only if len is 0.
 *   Ownership   Pointers in arguments are borrowed until the function returns: copy what you keep. Whoever allocates,
 *               frees; nobody frees the other side's memory.
 *   Integers    Fixed width. No enum and no bool crosses; constants are macros.
 *   Structs     A struct that may grow starts with struct_size, set by whoever fills it to its own sizeof. The reader
 *               uses a member only if struct_size reaches past it, and treats what is missing as zero.
 *   Exceptions  None leaves a function. In C++ every function pointer is noexcept, so a throwing thunk does not compile.
 *
 * Thread tags on functions:
 *
 *   [loader]    the host's loader thread: it alone loads, initialises, de-initialises and unloads libraries
 *   [entry]     any host thread, below a host frame that pins the platform. Unless the manifest says "concurrent", never
 *               two [entry] functions of one platform at a time
 *   [any]       callable below an [entry], [loader] or destroy frame of that platform or library
 */
#ifndef TENON_ABI_TYPES_H
#define TENON_ABI_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TENON_NOEXCEPT noexcept
#define TENON_EXTERN_C_BEGIN extern "C" {
#define TENON_EXTERN_C_END }
#else
#define TENON_NOEXCEPT
#define TENON_EXTERN_C_BEGIN
#define TENON_EXTERN_C_END
#endif

/* The version of these headers. tests/abi ties it to a hash of their text: neither changes alone. */
#define TENON_ABI_MAJOR 1u
#define TENON_ABI_MINOR 0u

TENON_EXTERN_C_BEGIN

typedef struct tenon_str {
  const char* ptr;
  uint64_t len;
} tenon_str;

/* One create or call in progress. Slot and generation, never a pointer: 0 is none, a value is never used twice, so a
 * late or second completion is recognised, counted and harmless. */
typedef uint64_t tenon_token;

/* One timer, HTTP exchange, signature, turn or access to the store in progress. 0 is none, never used twice within a platform. */
typedef uint64_t tenon_op;

typedef int32_t tenon_status;
#define TENON_OK 0
#define TENON_E_FAILED 1      /* it did not work; the message says why */
#define TENON_E_CANCELLED 2   /* somebody asked for the end */
#define TENON_E_TIMEOUT 3     /* the deadline passed */
#define TENON_E_IO 4          /* the network, the file system or the peer failed */
#define TENON_E_INVALID 5     /* the caller broke a rule, or an argument makes no sense */
#define TENON_E_UNSUPPORTED 6 /* not implemented by the other side */
#define TENON_E_CLOSING 7     /* the platform is going away: nothing new is accepted */
#define TENON_E_LIMIT 8       /* a limit of the host was reached */
#define TENON_E_DENIED 9      /* not allowed: host not listed, secret not readable */
#define TENON_E_CONFLICT 10   /* something is not as the caller expected it: look again */

/* Host side of one platform. Valid from the entry of create() to the return of destroy(). */
typedef struct tenon_ctx tenon_ctx;

/* Plugin side of one platform. Owned by the plugin, opaque to the host. */
typedef struct tenon_instance tenon_instance;

TENON_EXTERN_C_END

#endif
