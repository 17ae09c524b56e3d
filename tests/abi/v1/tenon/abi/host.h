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
 *
 * A call of a task flagged "blocking" may hold the platform's turn: what it starts completes after it has returned.
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

/* ---- limiter/1 -------------------------------------------------------------------------------------------------------- */

/* One turn of a bucket: what everybody who talks to one upstream account shares, so that they stay within its quota together. */
typedef struct tenon_turn {
  uint32_t struct_size;
  uint32_t burst;       /* how many turns may be saved up while nobody asks; 0 is 1, more than 10 000 is 10 000 */
  tenon_str key;        /* the upstream account, such as a network code; 1 to 128 bytes */
  uint64_t interval_ns; /* from this turn to the next one; 0: no limit, unless the bucket is held; more than an hour is an hour */
  uint64_t max_wait_ns; /* who would wait longer gets no turn; more than a day is a day */
} tenon_turn;

/* TENON_OK: go. TENON_E_LIMIT: the turn would have come in wait_ns, later than asked for; nothing was taken. */
typedef void (*tenon_turn_fn)(void* user, tenon_op op, tenon_status status, uint64_t wait_ns) TENON_NOEXCEPT;

typedef struct tenon_limiter_1 {
  /* Waits for a turn, in order of arrival. A bucket belongs to the plugin's id: all tenants and all versions of the plugin share
   * it, other plugins do not. Who is cancelled gives the turn to those behind. */
  tenon_status (*acquire)(tenon_ctx* ctx, const tenon_turn* turn, tenon_turn_fn done, void* user,
                          tenon_op* op) TENON_NOEXCEPT;

  /* Nobody gets a turn of the bucket for delay_ns from now: what an upstream asks for with Retry-After. More than an hour is
   * an hour; a hold never shortens another. Who waits and would now wait too long gets TENON_E_LIMIT. */
  tenon_status (*hold)(tenon_ctx* ctx, tenon_str key, uint64_t delay_ns) TENON_NOEXCEPT;
} tenon_limiter_1;

/* ---- store/1 ---------------------------------------------------------------------------------------------------------- */

/* What a tenant keeps beyond its platforms: values under keys, written to disk before a write completes, and found again by every
 * later platform of the tenant, version of the plugin and process of the host. Each tenant has its own, and in it each plugin. */
#define TENON_STORE_KEY_BYTES 512u
#define TENON_STORE_VALUE_BYTES 1048576u
#define TENON_STORE_WRITES 256u  /* in one transaction */
#define TENON_STORE_ENTRIES 256u /* in one answer */

/* An element of an array, and so without a size: it never changes. */
typedef struct tenon_store_entry {
  tenon_str key;
  tenon_str value;
  uint64_t version; /* another after every write of the key; 0: there is no such entry */
} tenon_store_entry;

/* Borrowed for the completion. */
typedef struct tenon_store_result {
  uint32_t struct_size;
  tenon_status status; /* TENON_E_CONFLICT: an entry had another version than expected. TENON_E_LIMIT: the tenant keeps too much.
                          TENON_E_IO: the disk fails, is full, or is kept busy by another process; nothing is known of a write
                          then but that it is whole or not there */
  const tenon_store_entry* entries; /* get, list: what was found. write: its keys with their versions and no values; after a
                                       TENON_E_CONFLICT the first entry that was not as expected, as it is */
  uint64_t entry_count;
  tenon_str message; /* for the operator's log, without the value of any entry */
} tenon_store_result;

typedef void (*tenon_store_fn)(void* user, tenon_op op, const tenon_store_result* result) TENON_NOEXCEPT;

#define TENON_STORE_PUT 1u
#define TENON_STORE_ERASE 2u
#define TENON_STORE_ANY_VERSION UINT64_MAX

/* Likewise. */
typedef struct tenon_store_write {
  tenon_str key;
  tenon_str value;   /* of a put; of an erase it is empty */
  uint64_t expected; /* the version that the entry must have: 0 = it must not be there; TENON_STORE_ANY_VERSION */
  uint32_t what;     /* TENON_STORE_PUT, TENON_STORE_ERASE */
  uint32_t reserved; /* 0 */
} tenon_store_write;

typedef struct tenon_store_1 {
  /* One entry, or none. */
  tenon_status (*get)(tenon_ctx* ctx, tenon_str key, tenon_store_fn done, void* user, tenon_op* op) TENON_NOEXCEPT;

  /* Entries whose key begins with prefix and comes after `after` (empty: from the first), in the order of their bytes, at most
   * limit (0: as many as fit into an answer). Fewer than limit may come: the last key is the next `after`; none: it was all. */
  tenon_status (*list)(tenon_ctx* ctx, tenon_str prefix, tenon_str after, uint32_t limit, tenon_store_fn done, void* user,
                       tenon_op* op) TENON_NOEXCEPT;

  /* A transaction: all of the writes, or none. The keys are distinct. */
  tenon_status (*write)(tenon_ctx* ctx, const tenon_store_write* writes, uint64_t count, tenon_store_fn done, void* user,
                        tenon_op* op) TENON_NOEXCEPT;
} tenon_store_1;

/* ---- task/1 ----------------------------------------------------------------------------------------------------------- */

#define TENON_TASK_RESUME_BYTES 65536u

/* How a call that is not over yet ends. */
typedef struct tenon_submission {
  uint32_t struct_size;
  uint32_t reserved;
  tenon_str resume;  /* what the plugin needs to go on: its own bytes, at most TENON_TASK_RESUME_BYTES, not empty */
  tenon_str message; /* for the buyer: what it waits for; may be empty */
  uint64_t delay_ns; /* not to be gone on with earlier than in this time; a day at most */
} tenon_submission;

typedef struct tenon_task_1 {
  /* Ends the token of a call() in progress: its work goes on later. The host writes the request and `resume` down, then answers
   * the buyer that the task is submitted, with an id to ask for it; if it cannot write, with SERVICE_UNAVAILABLE. Some time after
   * delay_ns it calls call() again, with the same request, TENON_CALL_RECOVERING and what `resume` said, of a platform of the
   * tenant as it is then: of another version of the plugin, in another process. That token is completed with the final
   * answer, or submitted again. An error that passes (its recovery is transient) and a platform that cannot be built are tried
   * again, later each time; any other error of the plugin's is the end. What has not ended in a week is called once more, with
   * TENON_CALL_LAST. Of one idempotency key one call is under way at a time: the host sees to that. Consumes the token as
   * complete() does. TENON_E_INVALID: no open token of a call of a mutating task, of a plugin whose manifest lists task/1, or
   * bytes of the wrong length: then it is still open. */
  tenon_status (*submit)(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) TENON_NOEXCEPT;
} tenon_task_1;

TENON_EXTERN_C_END

#endif
