/* tenon plugin ABI: what a plugin gives the host.
 *
 * A plugin is a shared object with exactly one exported symbol, the data object `tenon_plugin_entry`, and one ELF note that
 * carries its manifest. The host reads the note without mapping any code; it loads the library on the first request of the
 * first tenant that needs it, and unloads it when the last platform built from it is gone.
 *
 * Life of a library     dlopen, init, { create, call..., destroy } for each platform, deinit, dlclose.
 * Life of a platform    create hands back the instance at once and completes its token when it is ready (credentials
 *                       exchanged, say). call completes its token inline or later. destroy ends it at any moment.
 *
 * A plugin owns no thread, timer, socket, signal handler or other process-wide hook: the host offers these as services
 * (host.h). That is what makes it possible to unload it at any time.
 */
#ifndef TENON_ABI_PLUGIN_H
#define TENON_ABI_PLUGIN_H

#include "tenon/abi/host.h"
#include "tenon/abi/types.h"

TENON_EXTERN_C_BEGIN

/* "TENON" and a format byte, read as a little-endian integer: the first word of the entry. */
#define TENON_ENTRY_MAGIC UINT64_C(0x00014e4f4e4554)

/* What a call carries besides its bytes. Borrowed for call(). */
typedef struct tenon_call {
  uint32_t struct_size;
  uint32_t flags;            /* TENON_CALL_* */
  tenon_str task;            /* one of the manifest's tasks, e.g. "get_products" */
  tenon_str request;         /* JSON, the task's request object */
  tenon_str tenant;          /* the tenant's id in the catalog */
  tenon_str account_id;      /* the resolved account */
  tenon_str principal;       /* who calls: opaque id of the authenticated buyer, may be empty */
  tenon_str trace_id;        /* for logs and upstream headers, may be empty */
  tenon_str idempotency_key; /* marks the objects a mutating task makes upstream; may be empty */
  uint64_t deadline_ns;      /* on clock/1 steady_ns; 0 = none. The host answers TIMEOUT itself when it passes */
  tenon_str resume;          /* what the plugin said when it submitted this task (task/1); empty: a buyer asks */
  uint32_t attempt;          /* how often the task was gone on with before; 0 with an empty resume */
  uint32_t reserved;
} tenon_call;

/* An earlier attempt under the same idempotency key has an unknown outcome: look the object up by its marker first. */
#define TENON_CALL_RECOVERING 1u

/* Nobody goes on with the submitted task after this call: what it cannot finish now, it undoes, and it ends with an answer. */
#define TENON_CALL_LAST 2u

/* What a platform is built from. Borrowed for create(). */
typedef struct tenon_create {
  uint32_t struct_size;
  uint32_t reserved;
  tenon_str tenant;
  tenon_str settings;    /* JSON, valid against the manifest's settings_schema; a secret stands as {"secret": "<name>"} */
  tenon_str specialisms; /* JSON array of the specialisms this tenant claims */
  tenon_str inherited;   /* JSON object that the platform before this one handed over (handover/1); empty: nothing */
} tenon_create;

/* The one exported symbol. Constant data; the host copies nothing but the pointers, so it lives as long as the library. */
typedef struct tenon_plugin {
  uint64_t magic;       /* TENON_ENTRY_MAGIC */
  uint32_t struct_size; /* sizeof(tenon_plugin) as the plugin was compiled */
  uint32_t abi_major;   /* TENON_ABI_MAJOR, likewise */
  uint32_t abi_minor;
  uint32_t reserved;
  tenon_str id;      /* equals the manifest's id and version: a note pasted onto other code is refused */
  tenon_str version;
  const tenon_str* tasks; /* what call() dispatches: the same set as the manifest's */
  uint64_t task_count;

  /* [loader] Once per load, before anything else. host is valid until deinit() returns. Fetch services here. Anything
   * but TENON_OK refuses the load; deinit() is then not called. */
  tenon_status (*init)(const tenon_host* host) TENON_NOEXCEPT;

  /* [loader] Once, after the last destroy(). Nothing follows but dlclose. */
  void (*deinit)(void) TENON_NOEXCEPT;

  /* [entry] Builds a platform. *out is set before returning TENON_OK (also when `ready` is still open), so destroy() is legal
   * at every later moment. `ready` is completed once, now or later: with TENON_OK when calls may come, else with the error.
   * Not TENON_OK: nothing was created, the host answers the token, destroy() is not called. */
  tenon_status (*create)(tenon_ctx* ctx, const tenon_create* arguments, tenon_token ready,
                         tenon_instance** out) TENON_NOEXCEPT;

  /* [entry; on the blocking pool if the task is flagged so] TENON_OK: the token is the plugin's, which completes it once, now
   * or later. Otherwise the task was refused and the host answers it (a completion that came first stands). */
  tenon_status (*call)(tenon_instance* instance, tenon_token token, const tenon_call* call) TENON_NOEXCEPT;

  /* [entry] A wish: the answer to this token is no longer wanted. An unknown or finished token is a no-op. */
  void (*cancel)(tenon_instance* instance, tenon_token token) TENON_NOEXCEPT;

  /* [loader] Alone: no entry is running, none follows, every operation has completed. Tokens may still be open: the host has
   * answered them; free their state. Must not start operations. */
  void (*destroy)(tenon_instance* instance) TENON_NOEXCEPT;

  /* [loader] An optional interface by "name/revision": constant data of the library, or null if it has none of that name.
   * Asked after init() for those that the manifest lists and the host knows; a listed one that is null refuses the load. */
  const void* (*get_interface)(tenon_str name_revision) TENON_NOEXCEPT;
} tenon_plugin;

/* "health/1": whether a platform that is ready is well. A reload asks the successor before it takes the place of the platform
 * that serves, within the time of the build; if it is not well, or does not say so in time, it goes and the old one stays.
 * Look at what create() does not: keep it cheap, for it delays the reload of every tenant. */
typedef struct tenon_health_1 {
  /* [entry] As call(): the token is completed once, now or later, with TENON_OK (a body is not looked at) or the error. */
  tenon_status (*check)(tenon_instance* instance, tenon_token token) TENON_NOEXCEPT;
} tenon_health_1;

/* "handover/1": what one platform of a tenant leaves to the next, such as a live access token, so that a reload costs its ad
 * server no handshake. A reload asks the platform that serves, which goes on serving, and gives the answer to create() of its
 * successor; it waits a second at most. Nothing is handed over unless plugin, settings and the text of every secret are the
 * same and both versions of the plugin list the interface: a new credential is always tried. The host keeps the answer for the
 * length of the build, in memory that it wipes, and never writes it down.
 * The successor may be of another version: name the format in it, and take what you do not know for nothing. */
typedef struct tenon_handover_1 {
  /* [entry] As call(): the token is completed once, now or later, with a JSON object of at most TENON_HANDOVER_BYTES. An
   * error, or an object without members, hands over nothing. */
  tenon_status (*give)(tenon_instance* instance, tenon_token token) TENON_NOEXCEPT;
} tenon_handover_1;

#define TENON_HANDOVER_BYTES 65536u

/* Declared here, defined by the plugin: `const tenon_plugin tenon_plugin_entry = { ... };`. Visible whatever the default is. */
extern __attribute__((visibility("default"))) const tenon_plugin tenon_plugin_entry;

/* The manifest, an ELF note (System V ABI, "Note Section"): owner "tenon", type TENON_NOTE_MANIFEST, and as its descriptor
 * three little-endian words, the JSON's length, and the JSON:
 *
 *   { "id": "gam", "version": "1.2.0",
 *     "adcp": "3.0",                                   the release its tasks speak
 *     "tasks": [{"name": "get_products", "blocking": false, "mutating": false}],
 *     "specialisms": ["sales-non-guaranteed"],         what a tenant of it may claim
 *     "settings_schema": { ... },                      JSON Schema of a tenant's settings, see below
 *     "services": ["http/1", "timer/1"],               refused at load if the host lacks one
 *     "interfaces": [],                                optional interfaces: "health/1", "handover/1"; others are ignored
 *     "upstreams": ["https://api.kevel.co"],           origins it talks to, besides those in the settings
 *     "concurrent": false,                             true: the plugin locks, entries may overlap
 *     "sdk": "0.1.0", "sanitizer": "" }                written by tenon_add_plugin()
 *
 * settings_schema is JSON Schema draft-07, of which the host knows type, properties, required, additionalProperties, enum,
 * pattern, minimum, maximum, minLength, maxLength, items and default, and three keywords of ours on a property:
 *
 *   "x-tenon-secret": {"readable": ["/client_email"]}   the tenant gives { file = ... } or { env = ... }; the plugin sees
 *       {"secret": "<property>"}. `readable` lists the JSON pointers secret/1 may copy out of it ("" = the whole text).
 *   "x-tenon-upstream": true                            a URL in the settings whose origin the plugin may talk to
 *   "x-tenon-secret": {..., "upstreams": ["/token_uri"]} pointers into the secret that hold such URLs
 *
 * tenon_add_plugin() writes the note from a manifest.json; a plugin built by hand uses TENON_MANIFEST("{...}") once. */
#define TENON_NOTE_OWNER "tenon"
#define TENON_NOTE_MANIFEST 1u
#define TENON_NOTE_FORMAT 1u

#define TENON_MANIFEST(json)                                                                          \
  __attribute__((section(".note.tenon"), used, aligned(4))) static const struct {                     \
    uint32_t name_size, descriptor_size, type;                                                        \
    char name[8];                                                                                     \
    uint32_t format, abi_major, abi_minor, length;                                                    \
    char text[(sizeof(json) + 3u) & ~(size_t)3u];                                                     \
  } tenon_manifest_note = {sizeof(TENON_NOTE_OWNER),                                                  \
                           16u + ((sizeof(json) + 3u) & ~3u),                                         \
                           TENON_NOTE_MANIFEST,                                                       \
                           TENON_NOTE_OWNER,                                                          \
                           TENON_NOTE_FORMAT,                                                         \
                           TENON_ABI_MAJOR,                                                           \
                           TENON_ABI_MINOR,                                                           \
                           sizeof(json) - 1u,                                                         \
                           json}

TENON_EXTERN_C_END

#endif
