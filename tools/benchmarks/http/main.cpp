// tools/bench http: calls through tenond beside nginx that serves a file of the same size as their answers. Each server
// has core 0 with one thread (worker), the client core 1; the two are measured in turns, with the same number of kept
// connections and the same headers. tenond checks the token, the request's head, the schema of the task and writes its
// audit log; nginx has its access log off.
//
// Then, of tenond alone: the memory of 10 000 idle connections, of which each has been answered once and is answered
// again at the end, while others are busy; and what slow clients cost everybody else.

#include "../harness.hpp"
#include "client.hpp"
#include "servers.hpp"
#include "slow_clients.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace tenon::bench {
namespace {

constexpr int server_core = 0;
constexpr int client_core = 1;
constexpr unsigned busy_connections = 64;
constexpr int rounds = 5;
constexpr std::chrono::seconds round_time{4};
constexpr double busy_enough = 0.9;  // of its core: less, and something else than the server was the limit
constexpr std::chrono::seconds warm_up_time{2};

constexpr unsigned idle_connections = 10'000;
constexpr unsigned connections_of_an_address = 5'000;
constexpr rlim_t descriptors_needed = idle_connections + 1'000;

constexpr int slow_rounds = 3;
constexpr unsigned slow_writers = 200;
constexpr unsigned slow_readers = 50;
constexpr std::size_t large_text = 512u << 10;  // below what one call may bring; the answer has it twice
constexpr std::chrono::milliseconds slow_pause{100};

/// tenond inherits it.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= descriptors_needed) return;
  const auto found = limit.rlim_max;
  limit.rlim_cur = descriptors_needed;
  limit.rlim_max = std::max(found, descriptors_needed);  // root may
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  throw std::runtime_error("expected to be allowed " + std::to_string(descriptors_needed) + " open files, found " +
                           std::to_string(found) + "; raise the hard limit (ulimit -Hn)");
}

void take_client_core() {
  if (std::thread::hardware_concurrency() < 2) throw std::runtime_error("expected two cores, found one");
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(client_core, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0)
    throw std::runtime_error("expected to run on core 1, found that it is not permitted; give this program two cores");
}

/// What a client on the official TypeScript SDK sends with every message.
std::string headers() {
  return std::string("Host: 127.0.0.1\r\nConnection: keep-alive\r\nAuthorization: Bearer ") + tenond_server::token() +
         "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
         "MCP-Protocol-Version: 2025-11-25\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nUser-Agent: node\r\n"
         "Accept-Encoding: gzip, deflate\r\n";
}

/// A call that the plugin answers with what it was asked; `more` is in it as a member that the schema does not name.
exchange tool_call(std::uint16_t port, const std::string& more = {}) {
  const std::string after_number = "}";
  const std::string body =
      R"({"method":"tools/call","params":{"name":"get_products","arguments":{"buying_mode":"brief",)"
      R"("brief":"Premium video on sports sites, for a launch in spring","brand":{"domain":"acme.example"},)" +
      (more.empty() ? more : R"("more":")" + more + "\",") + R"("adcp_major_version":3}},"jsonrpc":"2.0","id":100000)" +
      after_number;
  exchange made{.port = port,
                .request = "POST /t/bench/mcp HTTP/1.1\r\n" + headers() +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
  made.number_at = made.request.size() - after_number.size() - 6;
  return made;
}

exchange file_request(std::uint16_t port, std::size_t size) {
  return {.port = port, .request = "GET /answer.json HTTP/1.1\r\n" + headers() + "\r\n", .body_size = size};
}

/// The answer to one call, and of it the size in the exchange.
std::string learn_answer(exchange& of) {
  std::vector<client_connection> one;
  one.emplace_back(of.port, 0);
  ask_each(one, of);
  auto body = std::string(one.front().body());
  if (body.find("prod-bench") == body.npos) throw std::runtime_error("expected the plugin's product, found " + body);
  of.body_size = body.size();
  return body;
}

load_result measure(const child_process& server, const exchange& what, const std::string& prefix, report& into) {
  const auto before = server.processor_seconds();
  const auto found = run_load(what, busy_connections, round_time);
  const auto used = server.processor_seconds() - before;
  into.add(prefix + "rps", found.requests_per_second);
  into.add(prefix + "p50_us", found.p50_us);
  into.add(prefix + "p99_us", found.p99_us);
  const auto busy = used / std::chrono::duration<double>(round_time).count();
  into.add(prefix + "busy", busy);
  into.add(prefix + "processor_us", 1e6 * busy / found.requests_per_second);
  return found;
}

void compare(const tenond_server& tenond, const nginx_server& nginx, const exchange& call, const exchange& file,
             report& into) {
  run_load(call, busy_connections, warm_up_time);
  run_load(file, busy_connections, warm_up_time);
  for (int round = 0; round < rounds; ++round) {
    const auto ours = measure(tenond.process(), call, "", into);
    const auto theirs = measure(nginx.process(), file, "nginx_", into);
    into.add("rps_ratio", ours.requests_per_second / theirs.requests_per_second);
  }
}

void hold_idle(const tenond_server& tenond, const exchange& call, report& into) {
  const auto before = tenond.process().resident_kb();
  std::vector<client_connection> idle;
  idle.reserve(idle_connections);
  std::vector<client_connection> some;
  for (unsigned made = 0; made < idle_connections; ++made) {
    some.emplace_back(call.port, 1 + made / connections_of_an_address);
    ask_each(some, call);
    idle.push_back(std::move(some.back()));
    some.clear();
  }
  into.add("idle_connection_kb", (tenond.process().resident_kb() - before) / idle_connections);
  const auto beside = run_load(call, busy_connections, round_time);
  into.add("rps_beside_idle", beside.requests_per_second);
  into.add("p99_us_beside_idle", beside.p99_us);
  const auto held = std::ranges::count_if(idle, [](const client_connection& each) { return each.rests(); });
  into.add("idle_connections", static_cast<double>(held));
  if (held != idle_connections) throw std::runtime_error("expected all idle connections to be held, found some closed");
  ask_each(idle, call);
}

void bear_slow_clients(const exchange& call, report& into) {
  const auto large = tool_call(call.port, std::string(large_text, 'x'));
  for (int round = 0; round < slow_rounds; ++round) {
    const auto quiet = run_load(call, busy_connections, round_time);
    slow_clients slow(call.port, call.request, slow_writers, large.request, slow_readers);
    slow.settle(slow_pause);
    const auto disturbed = run_load(
        call, busy_connections, round_time, [&] { slow.step(); }, slow_pause);
    if (slow.readers_served() != slow_readers) throw std::runtime_error("expected every slow reader to be answered");
    into.add("slow_client_rps_ratio", disturbed.requests_per_second / quiet.requests_per_second);
    into.add("slow_client_p99_ratio", disturbed.p99_us / quiet.p99_us);
  }
}

void measure_all(report& into) {
  raise_descriptor_limit();
  take_client_core();
  const scratch_directory root;
  const tenond_server tenond(root.path(), idle_connections + 1'000, server_core);
  auto call = tool_call(tenond.port());
  const auto answer = learn_answer(call);
  std::error_code missing;
  if (const auto size = std::filesystem::file_size(root.path() / "audit.jsonl", missing); missing || size == 0)
    throw std::runtime_error("expected the call to be in the audit log, found none there");
  {
    const nginx_server nginx(root.path(), answer, server_core);
    const auto file = file_request(nginx.port(), answer.size());
    compare(tenond, nginx, call, file, into);
  }
  std::printf("every answer has a body of %zu bytes; %u connections, closed loop\n", answer.size(), busy_connections);
  bear_slow_clients(call, into);
  hold_idle(tenond, call, into);
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  using namespace tenon::bench;
  const auto asked = read_options(argc, argv);
  report made("http", asked.commit);
  try {
    measure_all(made);
  } catch (const std::exception& failed) {
    made.print();
    std::fprintf(stderr, "bench: %s\n", failed.what());
    return EXIT_FAILURE;
  }
  std::printf("rps is %.0f %% of nginx's (50 wanted)\n", 100 * made.median("rps_ratio"));
  for (const char* server : {"", "nginx_"}) {
    const auto busy = made.median(std::string(server) + "busy");
    if (busy < busy_enough)
      std::printf("%srps is too low: the server had %.0f %% of its core, for other programs or the client held it up\n",
                  server, 100 * busy);
  }
  return deliver(made, asked);
}
