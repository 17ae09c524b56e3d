/* The echo plugin in C, written against the ABI alone: what an author without the SDK has to do.
 *
 * Answers at once, or with {"delay_ms": n} in the settings after a timer. Every open call is a node of its instance's
 * list, owned by it until the timer's completion, which always comes: so the node is freed there and only there. */

#include <tenon/abi/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TENON_MANIFEST(
    "{\"id\": \"" ECHO_C_ID "\", \"version\": \"1.0.0\", \"adcp\": \"3.0\","
    " \"tasks\": [{\"name\": \"get_products\"},"
    " {\"name\": \"create_media_buy\", \"mutating\": true},"
    " {\"name\": \"update_media_buy\", \"mutating\": true},"
    " {\"name\": \"get_media_buy_delivery\"},"
    " {\"name\": \"sync_creatives\", \"mutating\": true}],"
    " \"specialisms\": [\"sales-guaranteed\", \"sales-non-guaranteed\"],"
    " \"settings_schema\": {\"type\": \"object\", \"additionalProperties\": false,"
    " \"properties\": {\"delay_ms\": {\"type\": \"integer\", \"minimum\": 0}}},"
    " \"services\": [\"log/1\", \"timer/1\"], \"interfaces\": [], \"upstreams\": [], \"concurrent\": false,"
    " \"sdk\": \"\", \"sanitizer\": \"" ECHO_C_SANITIZER "\"}");

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static const tenon_str task_names[] = {TEXT("get_products"), TEXT("create_media_buy"), TEXT("update_media_buy"),
                                       TEXT("get_media_buy_delivery"), TEXT("sync_creatives")};
static const char* const answers[] = {
    "{\"products\":[{\"product_id\":\"prod-%s\"}],\"version\":\"1.0.0\"}",
    "{\"media_buy_id\":\"mb-%s\",\"status\":\"active\",\"packages\":[],\"version\":\"1.0.0\"}",
    "{\"media_buy_id\":\"mb-%s\",\"status\":\"active\",\"version\":\"1.0.0\"}",
    "{\"media_buy_deliveries\":[],\"tenant\":\"%s\",\"version\":\"1.0.0\"}",
    "{\"creatives\":[],\"tenant\":\"%s\",\"version\":\"1.0.0\"}"};
enum { task_count = sizeof task_names / sizeof task_names[0] };

typedef struct open_call {
  struct open_call* next;
  struct tenon_instance* owner;
  tenon_token token;
  tenon_op timer;
  size_t task;
} open_call;

struct tenon_instance {
  tenon_ctx* ctx;
  uint64_t delay_ns;
  open_call* open;
  char tenant[128];
};

static const tenon_host* host;
static const tenon_log_1* log_service;
static const tenon_timer_1* timer_service;

static const void* find_service(const char* name) {
  const tenon_str wanted = {name, strlen(name)};
  return host->get_service(wanted);
}

static tenon_status init(const tenon_host* given) {
  host = given;
  log_service = find_service("log/1");
  timer_service = find_service("timer/1");
  return log_service != NULL && timer_service != NULL ? TENON_OK : TENON_E_UNSUPPORTED;
}

static void deinit(void) { host = NULL; }

/* The settings are valid against the schema, so the only member there can be is a number. */
static uint64_t delay_of(tenon_str settings) {
  char text[64] = {0};
  memcpy(text, settings.ptr, settings.len < sizeof text ? settings.len : sizeof text - 1);
  const char* const found = strchr(text, ':');
  return found == NULL ? 0 : strtoull(found + 1, NULL, 10) * 1000000u;
}

static void answer(struct tenon_instance* self, tenon_token token, tenon_status status, size_t task) {
  char body[256];
  tenon_reply reply;
  memset(&reply, 0, sizeof reply);
  reply.struct_size = sizeof reply;
  reply.status = status;
  if (status == TENON_OK) {
    /* The catalog allows no character in a tenant's id that JSON would escape. */
    const int length = snprintf(body, sizeof body, answers[task], self->tenant);
    reply.body.ptr = body;
    reply.body.len = (uint64_t)length;
  }
  host->complete(self->ctx, token, &reply);
}

static tenon_status create(tenon_ctx* ctx, const tenon_create* arguments, tenon_token ready, tenon_instance** out) {
  static const tenon_str line = TEXT(ECHO_C_ID " is ready");
  struct tenon_instance* const made = calloc(1, sizeof *made);
  if (made == NULL) return TENON_E_LIMIT;
  if (arguments->tenant.len >= sizeof made->tenant) {
    free(made);
    return TENON_E_INVALID;
  }
  made->ctx = ctx;
  memcpy(made->tenant, arguments->tenant.ptr, arguments->tenant.len);
  made->delay_ns = delay_of(arguments->settings);
  *out = made;
  log_service->write(ctx, TENON_LOG_INFO, line);
  tenon_reply reply;
  memset(&reply, 0, sizeof reply);
  reply.struct_size = sizeof reply;
  host->complete(ctx, ready, &reply);
  return TENON_OK;
}

static void timer_fired(void* user, tenon_op op, tenon_status status) {
  open_call* const done = user;
  struct tenon_instance* const self = done->owner;
  open_call** link = &self->open;
  (void)op;
  while (*link != done) link = &(*link)->next;
  *link = done->next;
  answer(self, done->token, status, done->task);
  free(done);
}

static tenon_status call(tenon_instance* self, tenon_token token, const tenon_call* arguments) {
  size_t task = 0;
  while (task < task_count && (task_names[task].len != arguments->task.len ||
                               memcmp(task_names[task].ptr, arguments->task.ptr, arguments->task.len) != 0)) {
    ++task;
  }
  if (task == task_count) return TENON_E_UNSUPPORTED;
  if (self->delay_ns == 0) {
    answer(self, token, TENON_OK, task);
    return TENON_OK;
  }
  open_call* const waiting = calloc(1, sizeof *waiting);
  if (waiting == NULL) return TENON_E_LIMIT;
  waiting->owner = self;
  waiting->token = token;
  waiting->task = task;
  const tenon_status started = timer_service->start(self->ctx, self->delay_ns, timer_fired, waiting, &waiting->timer);
  if (started != TENON_OK) {
    free(waiting);
    return started;
  }
  waiting->next = self->open;
  self->open = waiting;
  return TENON_OK;
}

static void cancel(tenon_instance* self, tenon_token token) {
  for (const open_call* at = self->open; at != NULL; at = at->next) {
    if (at->token == token) {
      host->cancel(self->ctx, at->timer);
      return;
    }
  }
}

static void destroy(tenon_instance* self) { free(self); }

static const void* get_interface(tenon_str name_revision) {
  (void)name_revision;
  return NULL;
}

const tenon_plugin tenon_plugin_entry = {.magic = TENON_ENTRY_MAGIC,
                                         .struct_size = sizeof(tenon_plugin),
                                         .abi_major = TENON_ABI_MAJOR,
                                         .abi_minor = TENON_ABI_MINOR,
                                         .id = TEXT(ECHO_C_ID),
                                         .version = TEXT("1.0.0"),
                                         .tasks = task_names,
                                         .task_count = task_count,
                                         .init = init,
                                         .deinit = deinit,
                                         .create = create,
                                         .call = call,
                                         .cancel = cancel,
                                         .destroy = destroy,
                                         .get_interface = get_interface};
