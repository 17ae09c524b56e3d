#pragma once

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace boost::dll {
class shared_library;
}

namespace tenon {

/// A shared object in this process's memory.
///
/// Lifetime    Only close() unmaps. A mapping that is dropped without it stays mapped for good: code that may still
/// run is never pulled. Threads     load() and close() on the loader thread; the rest any.
class mapping {
 public:
  /// RTLD_NOW | RTLD_LOCAL, static constructors included. Errors (CONFIGURATION_ERROR): what the dynamic loader says;
  /// nothing is mapped then.
  static result<mapping> open(const std::filesystem::path& path);

  /// Right after open(), before anything of it is used. Errors (CONFIGURATION_ERROR): the dynamic loader answered with
  /// another file than this one (then a reload would have been a no-op); the load brought along a library that it is
  /// linked to and that is not the system's. Its code has run by then: close() it, and see whether it goes.
  result<void> check();

  /// Both, for who has no use for what is refused: that is closed, whether it goes or not.
  static result<mapping> load(const std::filesystem::path& path);

  mapping(mapping&&) noexcept;
  mapping& operator=(mapping&&) = delete;
  ~mapping();

  /// The address of an exported symbol, of this object or of one it is linked to; null if there is none.
  const void* find(const char* symbol) const;

  /// Whether this object, and no other, has these bytes mapped.
  bool contains(const void* address, std::uint64_t size) const noexcept;

  const std::filesystem::path& path() const noexcept { return path_; }

  /// Runs static destructors and unmaps, with one collecting pass if that was not enough. False: something still holds
  /// it. Proven by the dynamic loader's list and by the pages where its code was; where these leave a doubt, because
  /// something else was mapped there meanwhile, by /proc/self/maps, which takes milliseconds in a large process.
  bool close();

 private:
  struct range {
    std::uintptr_t begin, end;
    bool code;
  };

  explicit mapping(std::filesystem::path path);
  std::string check_link_map();
  bool is_gone() const;

  std::filesystem::path path_;
  std::unique_ptr<boost::dll::shared_library> library_;
  std::vector<range> ranges_;
};

/// The paths of those objects of the dynamic loader that begin so. Cost: a walk over all.
std::set<std::string, std::less<>> loaded_paths(std::string_view beginning);

/// Whether the dynamic loader knows an object of this path. Cost: a walk over all loaded objects.
bool is_loaded(const std::filesystem::path& path);

/// Where the kernel shows what this process has mapped.
inline constexpr const char* own_maps = "/proc/self/maps";

/// Whether the dynamic loader knows it, or code of it is mapped, or `maps` does not tell. Cost: reads `maps`.
bool is_mapped(const std::filesystem::path& path, const std::filesystem::path& maps = own_maps);

/// Lets the dynamic loader look once more at an object that nobody refers to: what held it, such as destructors of
/// thread-local variables, may have gone since. Whether it is unmapped now. The loader thread.
bool collect(const std::filesystem::path& path);

/// Why an object could not be unmapped.
struct pin_reason {
  std::string cause;  ///< unique, nodelete, tls-dtor, dependency, handle or unknown
  std::string text;   ///< what was found, and what to do
};

/// As far as its file and the objects that are loaded tell.
pin_reason why_pinned(const std::filesystem::path& path);

}  // namespace tenon
