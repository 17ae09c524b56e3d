// Goal: whatever way a file is written or exchanged while it is opened, a candidate's bytes are one whole file's, and
// what is hashed, checked and stored are these. Method: every tool's way of replacing a file, one after the other; and
// a thread that exchanges the file all the time.
#include "fixtures.hpp"

#include "plugin/file.hpp"

#include <atomic>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

std::string bytes_of(const fs::path& path) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(opened);
  const auto bytes = read_whole(opened.get(), path);
  REQUIRE(bytes.has_value());
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

// What the tools do, by their system calls.

void as_cp(const fs::path& from, const fs::path& to) { write_file(to, bytes_of(from)); }

void as_mv(const fs::path& from, const fs::path& to) {
  const auto beside = to.string() + ".new";
  fs::copy_file(from, beside);
  fs::rename(beside, to);
}

void as_install(const fs::path& from, const fs::path& to) {
  fs::remove(to);
  fs::copy_file(from, to);
}

void as_dd(const fs::path& from, const fs::path& to) {
  const auto text = bytes_of(from);
  const file_descriptor opened(::open(to.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(opened);
  for (std::size_t at = 0; at < text.size(); at += 512) {
    const auto part = std::min<std::size_t>(512, text.size() - at);
    REQUIRE(::pwrite(opened.get(), text.data() + at, part, static_cast<off_t>(at)) == static_cast<ssize_t>(part));
  }
  fs::resize_file(to, text.size());
}

void as_ln(const fs::path& from, const fs::path& to) {
  const auto beside = to.parent_path() / "build.so";
  as_mv(from, beside);
  fs::remove(to);
  fs::create_hard_link(beside, to);
}

/// A Kubernetes volume: gam.so -> ..data/gam.so, ..data -> a directory of this version, exchanged by rename.
void as_kubernetes(const fs::path& from, const fs::path& to) {
  static int version = 0;
  const auto place = to.parent_path();
  const auto directory = "..v" + std::to_string(++version);
  fs::create_directory(place / directory);
  fs::copy_file(from, place / directory / to.filename());
  fs::create_directory_symlink(directory, place / "..data_tmp");
  fs::rename(place / "..data_tmp", place / "..data");
  if (fs::is_symlink(to)) return;
  fs::remove(to);
  fs::create_symlink("..data" / to.filename(), to);
}

}  // namespace

TEST_CASE("each way of writing a file gives its new content, and back") {
  const fs::path first = fs::path(FIXTURES) / "good.so";
  const fs::path second = fs::path(FIXTURES) / "good_2.so";
  for (const auto write : {as_cp, as_mv, as_install, as_dd, as_ln, as_kubernetes}) {
    const scratch_directory place;
    const auto target = place / "gam.so";
    as_mv(first, target);
    for (const auto& wanted : {second, first, second}) {
      write(wanted, target);
      const auto opened = open_candidate({place.path()}, "gam");
      REQUIRE_MESSAGE(opened.has_value(), opened.error().operator_detail);
      CHECK(opened->content_hash == fixture(wanted.stem()).content_hash);
      CHECK(opened->bytes == fixture(wanted.stem()).bytes);
    }
  }
}

TEST_CASE("a file that is exchanged all the time gives one of its contents whole") {
  const scratch_directory place;
  const std::string contents[] = {std::string(3000, 'a'), std::string(5000, 'b')};
  std::string hashes[2];
  for (int i = 0; i < 2; ++i) {
    write_file(place / ("version" + std::to_string(i)), contents[i]);
    hashes[i] = sha256_hex(std::as_bytes(std::span(contents[i])));
  }
  fs::create_hard_link(place / "version0", place / "gam.so");
  std::atomic<bool> over = false;
  std::jthread swapper([&] {
    const auto target = (place / "gam.so").string();
    const auto beside = (place / "beside").string();
    for (int turn = 1; !over; ++turn) {
      if (::link((place / ("version" + std::to_string(turn % 2))).c_str(), beside.c_str()) != 0) continue;
      ::rename(beside.c_str(), target.c_str());
      ::unlink(beside.c_str());
    }
  });
  int seen[2] = {};
  for (int i = 0; i < 20'000; ++i) {
    const auto opened = open_candidate({place.path()}, "gam");
    REQUIRE_MESSAGE(opened.has_value(), opened.error().operator_detail);
    const int which = opened->bytes.size() == contents[1].size() ? 1 : 0;
    REQUIRE(opened->content_hash == hashes[which]);
    REQUIRE(sha256_hex(opened->bytes) == hashes[which]);
    ++seen[which];
  }
  over = true;
  CHECK(seen[0] > 0);
  CHECK(seen[1] > 0);
}
