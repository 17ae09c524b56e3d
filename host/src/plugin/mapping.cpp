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
#include <optional>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

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

/// Whether the dynamic section of a loaded object names a library. The loader has relocated the address of its string
/// table.
bool needs(const dl_phdr_info& object, std::string_view library) {
  const Elf64_Dyn* entries = nullptr;
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type == PT_DYNAMIC)
      entries = reinterpret_cast<const Elf64_Dyn*>(object.dlpi_addr + object.dlpi_phdr[i].p_vaddr);
  }
  const char* names = nullptr;
  for (const auto* at = entries; at && at->d_tag != DT_NULL; ++at) {
    if (at->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(at->d_un.d_ptr);
  }
  // The kernel's own object is not relocated, and needs nothing.
  if (!names || reinterpret_cast<std::uintptr_t>(names) < object.dlpi_addr) return false;
  for (const auto* at = entries; at->d_tag != DT_NULL; ++at) {
    if (at->d_tag == DT_NEEDED && library == names + at->d_un.d_val) return true;
  }
  return false;
}

/// The C library's directories: what a plugin needs of these the gate has held against its list.
bool is_of_system(std::string_view path) {
  return path.empty() || path.front() != '/' || path.starts_with("/lib/") || path.starts_with("/lib64/") ||
         path.starts_with("/usr/lib/") || path.starts_with("/usr/lib64/");
}

/// Whether no page of the range is mapped. Pages, not the range: the kernel answers for the first hole. None: it does
/// not tell, or it would take long.
std::optional<bool> all_unmapped(std::uintptr_t begin, std::uintptr_t end) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::uintptr_t most_pages = 8192;
  begin -= begin % page;
  if ((end - begin) / page > most_pages) return std::nullopt;
  for (auto at = begin; at < end; at += page) {
    unsigned char resident = 0;
    if (::mincore(reinterpret_cast<void*>(at), page, &resident) == 0) return false;
    if (errno != ENOMEM) return std::nullopt;
  }
  return true;
}

/// A loaded object that is linked to a library of this name, if there is one.
std::string user_of(std::string_view soname) {
  std::string user;
  any_loaded([&](const dl_phdr_info& object) {
    if (!needs(object, soname)) return false;
    user = object.dlpi_name;
    return true;
  });
  return user;
}

/// One of the objects `others` that the object `path` is linked to, if there is one.
std::string needed_of(const std::string& path, const std::vector<std::string>& others) {
  std::string found;
  if (others.empty()) return found;
  any_loaded([&](const dl_phdr_info& object) {
    if (path != object.dlpi_name) return false;
    for (const auto& name : others) {
      // Linked by name, or without one by its path.
      if (needs(object, std::filesystem::path(name).filename().native()) || needs(object, name)) found = name;
    }
    return true;
  });
  return found;
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

result<mapping> mapping::open(const std::filesystem::path& path) {
  mapping made(path);
  boost::dll::fs::error_code code;
  made.library_->load(path, code, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (code) {
    const char* text = ::dlerror();
    return refusal(path.string() + ": the dynamic loader refused it: " + (text ? text : "no reason given"));
  }
  return made;
}

result<void> mapping::check() {
  if (auto wrong = check_link_map(); !wrong.empty()) return refusal(std::move(wrong));
  return {};
}

result<mapping> mapping::load(const std::filesystem::path& path) {
  auto made = open(path);
  if (!made) return made;
  if (const auto checked = made->check(); !checked) {
    made->library_->unload();
    return checked.error();
  }
  return made;
}

std::string mapping::check_link_map() {
  const link_map* map = nullptr;
  if (::dlinfo(library_->native(), RTLD_DI_LINKMAP, &map) != 0 || !map) {
    return path_.string() + ": the dynamic loader does not show what it loaded";
  }
  if (path_.native() != map->l_name) {
    return path_.string() + ": the dynamic loader answered with " + map->l_name +
           ", which is still mapped: the reload would have been a no-op";
  }
  // What came along with it stands after it in the loader's list, as may what other threads load meanwhile.
  bool found = false;
  std::vector<std::string> after;
  any_loaded([&](const dl_phdr_info& object) {
    if (found && !is_of_system(object.dlpi_name)) after.emplace_back(object.dlpi_name);
    if (found || object.dlpi_addr != map->l_addr || path_.native() != object.dlpi_name) return false;
    found = true;
    for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
      const auto& segment = object.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD) continue;
      const auto begin = object.dlpi_addr + segment.p_vaddr;
      ranges_.push_back({begin, begin + segment.p_memsz, (segment.p_flags & PF_X) != 0});
    }
    return false;
  });
  if (ranges_.empty()) return path_.string() + ": the dynamic loader does not show its segments";
  if (const auto other = needed_of(path_.native(), after); !other.empty()) {
    return path_.string() + ": loading it brought " + other +
           " along, which nobody has checked; link the plugin to nothing but the C and C++ libraries";
  }
  return {};
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
  return is_gone() || !is_mapped(path_) || collect(path_);
}

/// Beyond doubt. The loader unmaps an object in one piece; its code is what must not be entered any more.
bool mapping::is_gone() const {
  if (ranges_.empty() || is_loaded(path_)) return false;
  return std::ranges::all_of(ranges_, [](const range& segment) {
    return !segment.code || all_unmapped(segment.begin, segment.end).value_or(false);
  });
}

std::set<std::string, std::less<>> loaded_paths(std::string_view beginning) {
  std::set<std::string, std::less<>> paths;
  any_loaded([&](const dl_phdr_info& object) {
    if (std::string_view(object.dlpi_name).starts_with(beginning)) paths.emplace(object.dlpi_name);
    return false;
  });
  return paths;
}

bool is_loaded(const std::filesystem::path& path) {
  return any_loaded([&](const dl_phdr_info& object) { return path.native() == object.dlpi_name; });
}

bool is_mapped(const std::filesystem::path& path, const std::filesystem::path& maps) {
  if (is_loaded(path)) return true;
  std::ifstream shown(maps);
  bool any = false;
  for (std::string line; std::getline(shown, line); any = true) {
    if (maps_code_of(line, path.native())) return true;
  }
  return !any;  // a process has mappings: who is shown none has proven nothing
}

bool collect(const std::filesystem::path& path) {
  // The loader collects when a reference goes that somebody held: so take one, and drop it.
  if (auto* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) ::dlclose(handle);
  return !is_mapped(path);
}

pin_reason why_pinned(const std::filesystem::path& path) {
  const pin_reason unknown{
      "unknown", "nothing in the file or among the loaded objects tells why; look for another dlopen() of it"};
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return unknown;
  const auto bytes = read_whole(opened.get(), path);
  if (!bytes) return unknown;
  const auto view = elf_view::open(*bytes);
  if (!view) return unknown;
  if (!is_loaded(path) && !std::ifstream(own_maps)) {
    return {"unknown", std::string(own_maps) + " cannot be read, so that nothing proves that it is gone; mount /proc"};
  }
  if (view->dynamic(DT_FLAGS_1).value_or(0) & DF_1_NODELETE) {
    return {"nodelete", "it is linked with -z nodelete; leave that flag out"};
  }
  if (const auto soname = view->dynamic_text(DT_SONAME)) {
    if (auto user = user_of(*soname); !user.empty())
      return {"dependency", user + " is linked to it; unload that, and link nothing to a plugin"};
  }
  auto found = unknown;
  for (const auto& symbol : view->symbols()) {
    if (symbol.binding == STB_GNU_UNIQUE && symbol.defined) {
      return {"unique", "it has STB_GNU_UNIQUE symbols (" + std::string(symbol.name) +
                            "); build it with -fno-gnu-unique and a version script, as tenon_add_plugin() does"};
    }
    if (symbol.name.starts_with("__cxa_thread_atexit")) {
      found = {"tls-dtor",
               "destructors of its thread_local variables are pending; keep no thread_local with a destructor"};
    }
    if (found.cause == "unknown" && symbol.name == "dlopen") {
      found = {"handle", "it imports dlopen, and may hold a handle of itself; close it in deinit()"};
    }
  }
  return found;
}

}  // namespace tenon
