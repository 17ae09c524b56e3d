/* create() starts a timer that starts the next one, for ever, and an exchange that is cancelled: it never gets ready, and ends well. */
#include <tenon/abi/plugin.h>

#include <stdlib.h>

struct tenon_instance {
  tenon_ctx* ctx;
  const tenon_timer_1* timers;
  int open; /* operations: each completes exactly once, and before destroy() */
};

static const tenon_host* own_host;

static tenon_str service(const char* name, uint64_t length) {
  const tenon_str text = {name, length};
  return text;
}

static void on_timer(void* user, tenon_op op, tenon_status status) TENON_NOEXCEPT {
  tenon_instance* instance = user;
  tenon_op next;
  (void)op;
  --instance->open;
  if (status != TENON_OK) return;
  if (instance->timers->start(instance->ctx, UINT64_C(60000000000), on_timer, instance, &next) == TENON_OK) {
    ++instance->open;
  }
}

static void on_answer(void* user, tenon_op op, const tenon_http_response* response) TENON_NOEXCEPT {
  tenon_instance* instance = user;
  (void)op;
  if (response->status == TENON_OK) abort();
  --instance->open;
}

static tenon_status init(const tenon_host* host) TENON_NOEXCEPT {
  own_host = host;
  return TENON_OK;
}

static void deinit(void) TENON_NOEXCEPT {}

static tenon_status create(tenon_ctx* ctx, const tenon_create* arguments, tenon_token ready,
                           tenon_instance** out) TENON_NOEXCEPT {
  const tenon_http_1* http = own_host->get_service(service("http/1", 6));
  tenon_http_request request = {0};
  tenon_instance* instance = calloc(1, sizeof *instance);
  tenon_op op = 0;
  (void)arguments;
  (void)ready;
  if (!instance) return TENON_E_FAILED;
  request.struct_size = sizeof request;
  instance->ctx = ctx;
  instance->timers = own_host->get_service(service("timer/1", 7));
  if (http->start(ctx, &request, on_answer, instance, &op) == TENON_OK) ++instance->open;
  own_host->cancel(ctx, op);
  if (instance->timers->start(ctx, UINT64_C(3600000000000), on_timer, instance, &op) == TENON_OK) ++instance->open;
  *out = instance;
  return TENON_OK;
}

static tenon_status call(tenon_instance* instance, tenon_token token, const tenon_call* call) TENON_NOEXCEPT {
  (void)instance;
  (void)token;
  (void)call;
  return TENON_E_UNSUPPORTED;
}

static void cancel(tenon_instance* instance, tenon_token token) TENON_NOEXCEPT {
  (void)instance;
  (void)token;
}

static void destroy(tenon_instance* instance) TENON_NOEXCEPT {
  if (instance->open != 0) abort();
  free(instance);
}

static const void* get_interface(tenon_str name) TENON_NOEXCEPT {
  (void)name;
  return 0;
}

TENON_MANIFEST("{\"id\": \"pending\", \"version\": \"1.0.0\", \"adcp\": \"3.0\", \"tasks\": [{\"name\": \"get_products\"}],"
               " \"services\": [\"http/1\", \"timer/1\"], \"sanitizer\": \"" FIXTURE_SANITIZER "\"}");

static const tenon_str tasks[] = {{"get_products", 12}};

const tenon_plugin tenon_plugin_entry = {
    TENON_ENTRY_MAGIC, sizeof(tenon_plugin), TENON_ABI_MAJOR, TENON_ABI_MINOR, 0,      {"pending", 7}, {"1.0.0", 5}, tasks,
    1,                 init,                 deinit,          create,          call,   cancel,         destroy,
    get_interface,
};

