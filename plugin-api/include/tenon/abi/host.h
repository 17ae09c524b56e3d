/* tenon plugin ABI: what the host gives a plugin.
 *
 * `tenon_host` is handed to init(). It answers calls and finds services; every service is a constant table of functions named
 * "<name>/<revision>", valid until deinit() returns. A plugin lists the services it needs in its manifest, so a missing one
 * refuses the load instead of failing at night.
 *
 * Every function here is [any], returns at once, and never re-enters the plugin. Below no frame of ctx's platform it answers
 * TENON_E_INVALID and does nothing.
 *
 * Asynchronous operations. Promises of the host, each with a test:
 *
 *   1  A start returns TENON_OK and an id, or an error and no id: never both.
 *   2  Exactly one completion for each started id, without exception. What is still open when the platform goes away is completed
 *      with TENON_E_CLOSING before destroy() is entered, so a plugin may free `user` there and only there.
 *   3  Never inside a start or a cancel, and never before the [entry] that started it has returned.
 *   4  The completion is itself an [entry]: it follows the serial rule, and the platform stays pinned until it has returned.
 *   5  Cancel is idempotent, an unknown id is a no-op; the completion still comes (rule 2), usually TENON_E_CANCELLED.
 */
#ifndef TENON_ABI_HOST_H
#define TENON_ABI_HOST_H

#include "tenon/abi/types.h"

TENON_EXTERN_C_BEGIN

/* The answer to a token. Borrowed by complete(), which copies. */
typedef struct tenon_reply {
  uint32_t struct_size;
  tenon_status status;       /* TENON_OK: body is the task's response. Otherwise the members below say what went wrong */
  tenon_str body;            /* JSON object */
  tenon_str code;            /* AdCP error code such as "PRODUCT_NOT_FOUND"; empty: derived from status */
  tenon_str message;         /* for the buyer: no secret, no upstream internals */
  tenon_str field;           /* JSON path of the offending request member, may be empty */
  tenon_str suggestion;      /* what the buyer can do, may be empty */
  tenon_str details;         /* JSON object for the buyer, may be empty */
  tenon_str operator_detail; /* for the operator's log only */
  uint32_t recovery;         /* TENON_RECOVERY_*; 0: what the AdCP release says for the code */
  uint32_t retry_after_s;    /* 0 = none, else 1 to 3600 */
} tenon_reply;

#define TENON_RECOVERY_TERMINAL 1u
#define TENON_RECOVERY_CORRECTABLE 2u
#define TENON_RECOVERY_TRANSIENT 3u

typedef struct tenon_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;

  /* Answers a token. The first completion wins: later ones, and unknown tokens, return TENON_E_INVALID, are counted and do no
   * harm. Only queues: the caller's handler runs after the outermost host frame has unwound. */
  tenon_status (*complete)(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) TENON_NOEXCEPT;

  /* A service table by "name/revision", or null. */
  const void* (*get_service)(tenon_str name_revision) TENON_NOEXCEPT;

  /* Asks for the early end of an operation (rule 5). */
  void (*cancel)(tenon_ctx* ctx, tenon_op op) TENON_NOEXCEPT;
} tenon_host;

/* ---- log/1 ------------------------------------------------------------------------------------------------------------ */

#define TENON_LOG_DEBUG 1
#define TENON_LOG_INFO 2
#define TENON_LOG_WARN 3
#define TENON_LOG_ERROR 4

typedef struct tenon_log_1 {
  /* One line into the host's log, with tenant and plugin added. Control characters are escaped, long lines cut at 4 KiB. */
  void (*write)(tenon_ctx* ctx, int32_t level, tenon_str text) TENON_NOEXCEPT;
} tenon_log_1;

/* ---- clock/1 ---------------------------------------------------------------------------------------------------------- */

typedef struct tenon_clock_1 {
  uint64_t (*steady_ns)(tenon_ctx* ctx) TENON_NOEXCEPT; /* monotonic, arbitrary origin */
  int64_t (*wall_ns)(tenon_ctx* ctx) TENON_NOEXCEPT;    /* since 1970-01-01T00:00:00Z */
} tenon_clock_1;

/* ---- timer/1 ---------------------------------------------------------------------------------------------------------- */

typedef void (*tenon_timer_fn)(void* user, tenon_op op, tenon_status status) TENON_NOEXCEPT;

typedef struct tenon_timer_1 {
  /* Completes with TENON_OK no earlier than delay_ns from now. TENON_E_LIMIT: too many open operations. */
  tenon_status (*start)(tenon_ctx* ctx, uint64_t delay_ns, tenon_timer_fn done, void* user, tenon_op* op) TENON_NOEXCEPT;
} tenon_timer_1;

/* ---- http/1 ----------------------------------------------------------------------------------------------------------- */

typedef struct tenon_header {
  tenon_str name;
  tenon_str value;
  tenon_str secret; /* requests only: the text of this secret is appended to value by the host, and never enters the plugin */
} tenon_header;

typedef struct tenon_http_request {
  uint32_t struct_size;
  uint32_t timeout_ms;         /* for the whole exchange; 0: the host's default. The host's maximum applies */
  tenon_str method;            /* GET, POST, PUT, PATCH, DELETE, HEAD */
  tenon_str url;               /* absolute; its origin is in the manifest's upstreams or in the settings, else TENON_E_DENIED */
  const tenon_header* headers; /* Host, Content-Length, Connection and Transfer-Encoding are the host's */
  uint64_t header_count;
  tenon_str body;
  uint64_t max_response_bytes; /* 0: the host's default. A longer body completes with TENON_E_LIMIT */
} tenon_http_request;

/* How far a failed exchange got: what a write needs to know before it is repeated. */
#define TENON_HTTP_NOT_SENT 1u        /* no byte of the request left: safe to repeat */
#define TENON_HTTP_SENT 2u            /* at least a part left, no answer came: outcome unknown */
#define TENON_HTTP_PARTLY_ANSWERED 3u /* the answer broke off */

/* Borrowed for the completion. */
typedef struct tenon_http_response {
  uint32_t struct_size;
  tenon_status status; /* TENON_OK: an HTTP response arrived, whatever its code. Else phase and message say what happened */
  uint32_t phase;      /* TENON_HTTP_*, 0 with TENON_OK */
  uint32_t http_status;
  const tenon_header* headers; /* names in lower case */
  uint64_t header_count;
  tenon_str body;
  tenon_str message;
} tenon_http_response;

typedef void (*tenon_http_fn)(void* user, tenon_op op, const tenon_http_response* response) TENON_NOEXCEPT;

typedef struct tenon_http_1 {
  /* Connections are pooled, TLS peers verified, redirects not followed, compressed answers not asked for. Below a call of a task
   * flagged "blocking" TENON_E_INVALID: such a task may hold the platform's turn, so its completion could not come; use wait. */
  tenon_status (*start)(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done, void* user,
                        tenon_op* op) TENON_NOEXCEPT;

  /* Only below a call of a task flagged "blocking": runs the exchange on this thread and calls done before it returns.
   * Elsewhere TENON_E_INVALID, and done is not called. The op passed to done is 0. */
  tenon_status (*wait)(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done, void* user) TENON_NOEXCEPT;
} tenon_http_1;

/* ---- crypto/1 --------------------------------------------------------------------------------------------------------- */

typedef void (*tenon_bytes_fn)(void* user, tenon_op op, tenon_status status, tenon_str bytes) TENON_NOEXCEPT;

typedef struct tenon_crypto_1 {
  /* Signs data with a key that stays in the host. algorithm: "RS256" (PKCS#1 v1.5 with SHA-256, RFC 7518 3.3; PEM private key)
   * or "HS256". secret: the name of a secret setting; pointer: where in it the key stands (RFC 6901), empty = the whole
   * text. Completes with the raw signature, or with an empty string and TENON_E_INVALID (no such key, not a key). */
  tenon_status (*sign)(tenon_ctx* ctx, tenon_str algorithm, tenon_str secret, tenon_str pointer, tenon_str data,
                       tenon_bytes_fn done, void* user, tenon_op* op) TENON_NOEXCEPT;

  /* "SHA-256" (32 bytes) or "MD5" (16 bytes) of data into out; *size: capacity in, length out. */
  tenon_status (*hash)(tenon_ctx* ctx, tenon_str algorithm, tenon_str data, void* out, uint64_t* size) TENON_NOEXCEPT;

  /* Cryptographically secure. */
  tenon_status (*random)(tenon_ctx* ctx, void* out, uint64_t size) TENON_NOEXCEPT;
} tenon_crypto_1;

/* ---- secret/1 --------------------------------------------------------------------------------------------------------- */

typedef struct tenon_secret_1 {
  /* Copies a part of a secret that the manifest lists as readable: the string at `pointer` of the secret's JSON, or its whole
   * text with an empty pointer. *size: capacity in, full length out (out may be null to ask). TENON_E_DENIED: not readable.
   * TENON_E_INVALID: no such secret or no string there. TENON_E_LIMIT: out is too small. */
  tenon_status (*read)(tenon_ctx* ctx, tenon_str name, tenon_str pointer, char* out, uint64_t* size) TENON_NOEXCEPT;
} tenon_secret_1;

TENON_EXTERN_C_END

#endif
