// Goal: a call with a key is made once, its repeats get its answer, and where its outcome is unknown the next one is
// told so; keys are kept as long and as many as the limits say. Method: real files, a clock that is turned by hand,
// threads that begin at once.
#include "book_world.hpp"
#include "print_result.hpp"

#include <sys/stat.h>
#include <atomic>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

std::string detail_of(const result<std::shared_ptr<idempotency_book>>& opened) {
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == "SERVICE_UNAVAILABLE");
  return opened.error().operator_detail;
}

}  // namespace

TEST_CASE("a call goes once, and its repeats get its answer byte by byte") {
  book_world world;
  const std::string answer("{\"a\":\0}", 7);
  auto first = world.begin("k");
  CHECK(first.word == "go");
  REQUIRE(first.attempt->complete(answer).has_value());
  CHECK(world.begin("k").word == "replay " + answer);
  CHECK(world.begin("k").word == "replay " + answer);
  world.reopen();
  CHECK(world.begin("k").word == "replay " + answer);
  world.answer("nothing to say", "");
  CHECK(world.begin("nothing to say").word == "replay ");
}

TEST_CASE("while a call is being made its repeat is in flight") {
  book_world world;
  auto first = world.begin("k");
  CHECK(world.begin("k").word == "in flight");
  CHECK(world.begin("other").word == "go");
  REQUIRE(first.attempt->complete("done").has_value());
  CHECK(world.begin("k").word == "replay done");
}

TEST_CASE("a key stands for one task and one set of arguments") {
  book_world world;
  const idempotency_scope scope{.tenant = "acme", .principal = "buyer", .key = "k"};
  auto first = world.begin(scope, "create_media_buy", "h1");
  const auto check_conflicts = [&] {
    CHECK(world.begin(scope, "create_media_buy", "h2").word == "conflict");
    CHECK(world.begin(scope, "update_media_buy", "h1").word == "conflict");
  };
  SUBCASE("while the call is being made") { check_conflicts(); }
  SUBCASE("when it has its answer") {
    REQUIRE(first.attempt->complete("done").has_value());
    check_conflicts();
  }
  SUBCASE("when its outcome is unknown") {
    first.attempt.reset();
    check_conflicts();
    CHECK(world.begin(scope, "create_media_buy", "h1").word == "recovering");
  }
}

TEST_CASE("the same key of another tenant or principal is another key") {
  book_world world;
  const idempotency_scope scopes[] = {
      {"acme", "buyer", "k"}, {"beta", "buyer", "k"}, {"acme", "other", "k"}, {"acmeb", "uyer", "k"}, {"", "", "k"}};
  for (const auto& scope : scopes) {
    auto call = world.begin(scope, "create_media_buy", scope.tenant + "/" + scope.principal);
    CHECK(call.word == "go");
    REQUIRE(call.attempt->complete(scope.tenant + "/" + scope.principal).has_value());
  }
  for (const auto& scope : scopes) {
    const auto owner = scope.tenant + "/" + scope.principal;
    CHECK(world.begin(scope, "create_media_buy", owner).word == "replay " + owner);
  }
}

TEST_CASE("a key that is forgotten is forgotten for its own tenant and principal alone") {
  book_world world;
  const idempotency_scope scopes[] = {{"acme", "buyer", "k"}, {"beta", "buyer", "k"}, {"acme", "other", "k"}};
  for (const auto& scope : scopes) CHECK(world.begin(scope).word == "go");
  REQUIRE(world.begin(scopes[0]).attempt->forget().has_value());
  CHECK(world.begin(scopes[1]).word == "recovering");
  CHECK(world.begin(scopes[2]).word == "recovering");
  CHECK(world.begin(scopes[0]).word == "go");
}

TEST_CASE("an outcome that is left open makes the next attempt a recovering one, as often as it takes") {
  book_world world;
  auto call = world.begin("k");
  SUBCASE("told so") { call.attempt->leave_open(); }
  SUBCASE("destroyed") { call.attempt.reset(); }
  SUBCASE("given up for another attempt") { *call.attempt = std::move(*world.begin("other").attempt); }
  for (int repeats = 0; repeats < 3; ++repeats) {
    auto next = world.begin("k");
    CHECK(next.word == "recovering");
    CHECK(world.begin("k").word == "in flight");
  }
  auto last = world.begin("k");
  REQUIRE(last.attempt->complete("found").has_value());
  CHECK(world.begin("k").word == "replay found");
}

TEST_CASE("a call that changed nothing leaves its key as it was") {
  book_world world;
  const idempotency_scope scope{.tenant = "acme", .principal = "buyer", .key = "k"};
  auto call = world.begin(scope, "create_media_buy", "h1");
  SUBCASE("the first attempt") {}
  SUBCASE("a recovering one") {
    call.attempt->leave_open();
    call = world.begin(scope, "create_media_buy", "h1");
    CHECK(call.word == "recovering");
  }
  REQUIRE(call.attempt->forget().has_value());
  CHECK(world.begin(scope, "update_media_buy", "h2").word == "go");
}

TEST_CASE("an attempt ends once") {
  book_world world;
  auto call = world.begin("k");
  auto moved = std::move(*call.attempt);
  CHECK_FALSE(call.attempt->complete("from the empty one").has_value());
  CHECK(world.begin("k").word == "in flight");
  REQUIRE(moved.complete("done").has_value());
  const auto again = moved.forget();
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == "INTERNAL_ERROR");
  moved.leave_open();
  CHECK(world.begin("k").word == "replay done");
}

TEST_CASE("an answer that is too large is not kept, and the outcome is not lost") {
  book_world world({.largest_answer = 10});
  auto call = world.begin("k");
  const auto refused = call.attempt->complete(std::string(11, 'x'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().operator_detail.find("expected an answer of at most 10 bytes, found 11; a repeat") !=
        std::string::npos);
  auto next = world.begin("k");
  CHECK(next.word == "recovering");
  REQUIRE(next.attempt->complete(std::string(10, 'x')).has_value());
  CHECK(world.begin("k").word == "replay xxxxxxxxxx");
}

TEST_CASE("an answer is kept for its time from when it was given, then its key is new") {
  book_world world;
  auto call = world.begin("k");
  world.time().advance(1h);
  REQUIRE(call.attempt->complete("done").has_value());
  world.time().advance(24h - 1ns);
  CHECK(world.begin("k").word == "replay done");
  const idempotency_scope scope{.tenant = "acme", .principal = "buyer", .key = "k"};
  world.time().advance(1ns);
  CHECK(world.begin(scope, "update_media_buy", "other").word == "go");
}

TEST_CASE("an answer that was found late is kept as long as any other") {
  book_world world;
  world.begin("k").attempt->leave_open();
  world.time().advance(72h);
  auto found = world.begin("k");
  CHECK(found.word == "recovering");
  REQUIRE(found.attempt->complete("found").has_value());
  world.time().advance(23h);
  CHECK(world.begin("k").word == "replay found");
}

TEST_CASE("an unknown outcome is remembered for its time from the last attempt, and never shorter than an answer") {
  const auto days = [](int count) { return std::chrono::hours(24 * count); };
  SUBCASE("a week") {
    book_world world;
    world.begin("k").attempt->leave_open();
    world.time().advance(days(6));
    CHECK(world.begin("k").word == "recovering");
    world.time().advance(days(7) - 1ns);
    CHECK(world.begin("k").word == "recovering");
    world.time().advance(days(7));
    CHECK(world.begin("k").word == "go");
  }
  SUBCASE("as long as an answer") {
    book_world world({.replay_ttl = days(3), .unknown_ttl = days(1)});
    world.begin("k").attempt->leave_open();
    world.time().advance(days(3) - 1ns);
    CHECK(world.begin("k").word == "recovering");
  }
}

TEST_CASE("what is too old is forgotten, but no call that is being made") {
  book_world world;
  auto running = world.begin("running");
  world.begin("open").attempt->leave_open();
  for (int count = 0; count < 600; ++count) world.answer(std::to_string(count));
  {
    auto other = world.begin({.tenant = "beta", .principal = "buyer", .key = "k"});
    REQUIRE(other.attempt->complete("done").has_value());
  }
  const auto forget = [&world] { return *world.book().forget_old(world.time().wall_now()); };
  CHECK(forget() == 0);
  world.time().advance(24h);
  world.answer("young");
  CHECK(forget() == 601);
  CHECK(forget() == 0);
  CHECK(world.begin("young").word == "replay answer");
  CHECK(world.begin("open").word == "recovering");
  world.time().advance(24h * 7);
  CHECK(forget() == 2);
  CHECK(world.begin("open").word == "go");
  CHECK(world.begin("running").word == "in flight");
  REQUIRE(running.attempt->complete("at last").has_value());
  CHECK(world.begin("running").word == "replay at last");
}

TEST_CASE("a principal has so many keys of a tenant and no more, whatever others have") {
  book_world world({.most_keys = 3});
  auto running = world.begin("running");
  world.begin("open").attempt->leave_open();
  world.answer("answered");
  CHECK(world.begin("more").word == "full");
  CHECK(world.begin({.tenant = "acme", .principal = "other", .key = "more"}).word == "go");
  CHECK(world.begin({.tenant = "beta", .principal = "buyer", .key = "more"}).word == "go");
  SUBCASE("those it has are good") {
    CHECK(world.begin("running").word == "in flight");
    CHECK(world.begin("open").word == "recovering");
    CHECK(world.begin("answered").word == "replay answer");
  }
  SUBCASE("also after the end of the process") {
    world.reopen();
    CHECK(world.begin("more").word == "full");
    CHECK(world.begin("running").word == "recovering");
  }
  SUBCASE("a call that changed nothing makes room") {
    REQUIRE(running.attempt->forget().has_value());
    CHECK(world.begin("more").word == "go");
    CHECK(world.begin("yet more").word == "full");
  }
  SUBCASE("what is too old makes room") {
    world.time().advance(24h);
    CHECK(world.begin("more").word == "go");
    CHECK(world.begin("yet more").word == "full");
    world.time().advance(24h * 7);
    CHECK(world.begin("yet more").word == "go");
  }
  SUBCASE("its own old key is a place for it") {
    world.time().advance(24h);
    CHECK(world.begin("answered").word == "go");
    CHECK(world.begin("more").word == "full");
  }
}

TEST_CASE("of many that begin at once with one key, one goes") {
  book_world world;
  constexpr int count = 16;
  std::vector<told> all(count);
  std::latch together(count);
  std::vector<std::thread> threads;
  for (auto& each : all) {
    threads.emplace_back([&world, &each, &together] {
      together.arrive_and_wait();
      each = world.begin("k");
    });
  }
  for (auto& each : threads) each.join();
  int going = 0;
  for (const auto& each : all) {
    going += each.word == "go" ? 1 : 0;
    CHECK((each.word == "go" || each.word == "in flight"));
  }
  CHECK(going == 1);
}

TEST_CASE("of the calls with one key never are two under way, however they end, and one is answered") {
  book_world world({.most_keys = 4});
  constexpr int keys = 3;
  std::atomic<int> under_way[keys]{};
  std::atomic<int> answered[keys]{};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 6; ++number) {
    threads.emplace_back([&, number] {
      for (int round = 0; round < 40; ++round) {
        const int key = (number + round) % keys;
        auto call = world.begin(std::to_string(key));
        if (call.word != "in flight" && call.word != "replay done" && !call.attempt) ++wrong;
        if (!call.attempt) continue;
        if (++under_way[key] != 1 || answered[key] != 0) ++wrong;
        std::this_thread::yield();
        const int how = (number * 7 + round) % 4;
        if (how == 0 && round > 20) ++answered[key];
        --under_way[key];
        if (how == 0 && round > 20 && !call.attempt->complete("done")) ++wrong;
        if (how == 1 && !call.attempt->forget()) ++wrong;
        if (number == 0 && !world.book().forget_old(world.time().wall_now())) ++wrong;
      }
    });
  }
  for (auto& each : threads) each.join();
  CHECK(wrong == 0);
  for (int key = 0; key < keys; ++key) {
    REQUIRE(answered[key] <= 1);
    CHECK((world.begin(std::to_string(key)).word == "replay done") == (answered[key] == 1));
  }
}

TEST_CASE("a book belongs to one owner at a time, and is closed to other users") {
  book_world world;
  const auto detail = detail_of(world.another());
  CHECK(detail.find("expected to lock it, found that another process has") != std::string::npos);
  CHECK(detail.find("give each host a state_dir of its own") != std::string::npos);
  struct stat found {};
  REQUIRE(::stat(world.file().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  world.close();
  CHECK(world.another().has_value());
}

TEST_CASE("a place or a file that cannot be used is refused with what to do") {
  book_world world;
  world.close();
  SUBCASE("no database") {
    std::filesystem::remove(world.file());
    std::ofstream(world.file()) << std::string(4096, 'x');
    CHECK(detail_of(world.another()).find("restore the file from a backup, or move it away") != std::string::npos);
  }
  SUBCASE("of another version") {
    auto opened = database::open(world.file(), "", 1);
    REQUIRE(opened.has_value());
    REQUIRE(opened->run("PRAGMA user_version = 9").has_value());
    CHECK(detail_of(world.another()).find("expected format 1, found 9") != std::string::npos);
  }
  SUBCASE("a directory stands where the lock should") {
    std::filesystem::remove(world.directory() / "idempotency.lock");
    std::filesystem::create_directory(world.directory() / "idempotency.lock");
    CHECK(detail_of(world.another()).find("cannot be opened: Is a directory (EISDIR); see that") != std::string::npos);
  }
  SUBCASE("open to others") {
    REQUIRE(::chmod(world.directory().c_str(), 0755) == 0);
    CHECK(detail_of(world.another()).find("closed to others (mode 0700)") != std::string::npos);
  }
  SUBCASE("no directory") {
    const auto opened = idempotency_book::open("/proc/none/idempotency.sqlite", world.time());
    CHECK(detail_of(opened).find("choose another state_dir") != std::string::npos);
  }
}

TEST_CASE("where the disk fails no call goes, and an answer that cannot be kept leaves the outcome open") {
  book_world world;
  auto call = world.begin("k");
  auto other = world.begin("other");
  auto locked = database::open(world.directory() / "idempotency.sqlite", "", 1);
  REQUIRE(locked.has_value());
  // Instead of a full disk: the server's table is taken away under it.
  REQUIRE(locked->run("ALTER TABLE call RENAME TO away").has_value());
  CHECK(world.begin("new").word == "error SERVICE_UNAVAILABLE");
  const auto unkept = call.attempt->complete("done");
  REQUIRE_FALSE(unkept.has_value());
  CHECK(unkept.error().code == "SERVICE_UNAVAILABLE");
  CHECK_FALSE(other.attempt->forget().has_value());
  REQUIRE(locked->run("ALTER TABLE away RENAME TO call").has_value());
  CHECK(world.begin("k").word == "recovering");
  CHECK(world.begin("other").word == "recovering");
  CHECK(world.begin("new").word == "go");
}

TEST_CASE("an answer for which somebody took the row away is not taken for kept") {
  book_world world;
  auto call = world.begin("k");
  auto other = database::open(world.file(), "", 1);
  REQUIRE(other.has_value());
  REQUIRE(other->run("DELETE FROM call").has_value());
  const auto unkept = call.attempt->complete("done");
  REQUIRE_FALSE(unkept.has_value());
  CHECK(unkept.error().operator_detail.find("expected the row of a call that is being made, found none; nobody but") !=
        std::string::npos);
}
