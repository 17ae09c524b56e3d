#include "plugin/mapping.hpp"

#include "plugin/elf_view.hpp"
#include "plugin/file.hpp"
#include "plugin/refusal.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>

namespace tenon {
namespace {

/// Calls visit(object) for every loaded object until it returns true; whether it did.
template <class Visit>
bool any_loaded(Visit visit) {
  const auto forward = [](dl_phdr_info* object, std::size_t, void* to) {
    return (*static_cast<Visit*>(to))(*object) ? 1 : 0;
  };
  return ::dl_iterate_phdr(forward, &visit) != 0;
}

/// Whether a line of /proc/self/maps shows code of this file: "7f00-7f01 r-xp 00001000 08:01 42   /store/gam.so
/// (deleted)".
bool maps_code_of(std::string_view line, std::string_view path) {
  constexpr std::string_view deleted = " (deleted)";
  const auto name = line.find('/');
  const auto permissions = line.find(' ');
  if (name == line.npos || permissions + 4 > line.size() || line[permissions + 3] != 'x') return false;
  line.remove_prefix(name);
  return line == path || (line.ends_with(deleted) && line.substr(0, line.size() - deleted.size()) == path);
}

}  // namespace

mapping::mapping(std::filesystem::path path)
    : path_(std::move(path)), library_(std::make_unique<boost::dll::shared_library>()) {}

mapping::mapping(mapping&&) noexcept = default;

mapping::~mapping() {
  if (!library_ || !library_->is_loaded()) return;
  // Boost.DLL closes in its destructor. NODELETE makes that a no-op for this object.
  ::dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

result<mapping> mapping::load(const std::filesystem::path& path) {
  mapping made(path);
  boost::dll::fs::error_code code;
  made.library_->load(path, code, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (code) {
    const char* text = ::dlerror();
    return refusal(path.string() + ": the dynamic loader refused it: " + (text ? text : "no reason given"));
  }
  if (auto wrong = made.check_link_map(); !wrong.empty()) {
    made.library_->unload();
    return refusal(std::move(wrong));
  }
  return made;
}

std::string mapping::check_link_map() {
  const link_map* map = nullptr;
  if (::dlinfo(library_->native(), RTLD_DI_LINKMAP, &map) != 0 || !map) {
    return path_.string() + ": the dynamic loader does not show what it loaded";
  }
  if (path_ != map->l_name) {
    return path_.string() + ": the dynamic loader answered with " + map->l_name +
           ", which is still mapped: the reload would have been a no-op";
  }
  any_loaded([&](const dl_phdr_info& object) {
    if (object.dlpi_addr != map->l_addr || path_ != object.dlpi_name) return false;
    for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
      const auto& segment = object.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD) continue;
      const auto begin = object.dlpi_addr + segment.p_vaddr;
      ranges_.push_back({begin, begin + segment.p_memsz});
    }
    return true;
  });
  return ranges_.empty() ? path_.string() + ": the dynamic loader does not show its segments" : std::string();
}

const void* mapping::find(const char* symbol) const { return ::dlsym(library_->native(), symbol); }

bool mapping::contains(const void* address, std::uint64_t size) const noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  return std::ranges::any_of(ranges_, [&](const range& segment) {
    return begin >= segment.begin && begin <= segment.end && size <= segment.end - begin;
  });
}

bool mapping::close() {
  library_->unload();
  return !is_mapped(path_);
}

bool is_loaded(const std::filesystem::path& path) {
  return any_loaded([&](const dl_phdr_info& object) { return path == object.dlpi_name; });
}

bool is_mapped(const std::filesystem::path& path) {
  if (is_loaded(path)) return true;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (maps_code_of(line, path.native())) return true;
  }
  return false;
}

std::string why_pinned(const std::filesystem::path& path) {
  const std::string unknown = "something still refers to it, such as another dlopen() of the file";
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return unknown;
  const auto bytes = read_whole(opened.get(), path);
  if (!bytes) return unknown;
  const auto view = elf_view::open(*bytes);
  if (!view) return unknown;
  if (view->dynamic(DT_FLAGS_1).value_or(0) & DF_1_NODELETE) {
    return "it is linked with -z nodelete; leave that flag out";
  }
  std::string thread_exit;
  for (const auto& symbol : view->symbols()) {
    if (symbol.binding == STB_GNU_UNIQUE && symbol.defined) {
      return "it has STB_GNU_UNIQUE symbols (" + std::string(symbol.name) +
             "); build it with -fno-gnu-unique and a version script, as tenon_add_plugin() does";
    }
    if (symbol.name.starts_with("__cxa_thread_atexit")) {
      thread_exit = "destructors of its thread_local variables are pending; keep no thread_local with a destructor";
    }
  }
  return thread_exit.empty() ? unknown : thread_exit;
}

}  // namespace tenon
