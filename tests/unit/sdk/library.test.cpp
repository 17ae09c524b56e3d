// Goal: a library that tenon_add_plugin() built can be mapped beside another version of itself, and is unmapped when it
// is closed. Method: both echo libraries, opened as a host opens them and run under the fake host; dl_iterate_phdr says
// what is mapped.

#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <dlfcn.h>
#include <link.h>

namespace json = tenon::sdk::json;
using namespace tenon::sdk::testing;

namespace {

bool mapped(const std::string& path) {
  struct search {
    const std::string& wanted;
    bool found;
  } state{path, false};
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* at) {
        auto* looking = static_cast<search*>(at);
        looking->found = looking->found || looking->wanted == object->dlpi_name;
        return 0;
      },
      &state);
  return state.found;
}

class opened_plugin {
 public:
  explicit opened_plugin(const char* path) : handle_(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
  }
  opened_plugin(const opened_plugin&) = delete;
  opened_plugin& operator=(const opened_plugin&) = delete;
  ~opened_plugin() { dlclose(handle_); }

  const tenon_plugin& entry() const { return *static_cast<const tenon_plugin*>(dlsym(handle_, "tenon_plugin_entry")); }

 private:
  void* handle_;
};

}  // namespace

TEST_CASE("two versions of a plugin live side by side, and both are unmapped when they are closed") {
  {
    const opened_plugin old_code(ECHO_LIBRARY);
    const opened_plugin new_code(ECHO_NEXT_LIBRARY);
    fake_host old_host(old_code.entry());
    fake_host new_host(new_code.entry());
    REQUIRE(old_host.create().ok());
    REQUIRE(new_host.create().ok());
    CHECK(old_host.ask("get_products").body().at("version") == "1.0.0");
    CHECK(new_host.ask("get_products").body().at("version") == "2.0.0");
    new_host.call("get_products", json::object{{"never", true}});
    new_host.call("get_products", json::object{{"sleep_ms", 1000}});
    CHECK(mapped(ECHO_LIBRARY));
    CHECK(mapped(ECHO_NEXT_LIBRARY));
  }
  CHECK_FALSE(mapped(ECHO_LIBRARY));
  CHECK_FALSE(mapped(ECHO_NEXT_LIBRARY));
}
