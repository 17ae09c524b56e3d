#include "servers.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds start_limit{20};
constexpr std::chrono::milliseconds glance{10};

// SHA-256 of the token.
constexpr const char* token_sha256 = "7137e16f75a1d75b6fd65930672814806cdc1a0d6e0aa38611afc996a402258b";

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("expected to write " + file.string() + ", found that it cannot be written");
}

fs::path own_directory() { return fs::canonical("/proc/self/exe").parent_path().parent_path(); }

/// In the child, between fork and exec.
[[noreturn]] void become(const std::vector<char*>& command, int core, int log) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (::sched_setaffinity(0, sizeof one, &one) == 0) ::execv(command.front(), command.data());
  ::_exit(127);
}

/// Until `there` says so; throws if the child ends or takes too long.
template <class There>
void wait_for(const child_process& child, const char* what, There there) {
  const auto end = std::chrono::steady_clock::now() + start_limit;
  while (!there()) {
    child.expect_running();
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error(std::string("expected ") + what + " to be ready within 20 s, found that it is not");
    }
    std::this_thread::sleep_for(glance);
  }
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return made;
}

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto to = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return connected;
}

/// nginx cannot be asked for any free port, so one is taken and given back.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto any = loopback(0);
  socklen_t size = sizeof any;
  const bool found = ::bind(fd, reinterpret_cast<const sockaddr*>(&any), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size) == 0;
  ::close(fd);
  if (!found) throw std::runtime_error("expected a free port on 127.0.0.1, found none");
  return ntohs(any.sin_port);
}

std::vector<std::string> tenond_command(const fs::path& root, std::uint32_t connections) {
  fs::create_directories(root / "tenants.d");
  std::ostringstream config;
  config << "[host]\nplugin_dirs = [\"" << (own_directory() / "plugins").string() << "\"]\nstore_dir = \"store\"\n"
         << "[server]\nport = 0\nport_file = \"port\"\nthreads = 1\nmax_connections = " << connections
         << "\nidle_timeout_ms = 600000\naudit_log = \"audit.jsonl\"\n"
         << "[principals.bench]\ntoken_sha256 = \"" << token_sha256 << "\"\n";
  write(root / "tenon.toml", config.str());
  write(root / "tenants.d" / "bench.toml", "plugin = \"echo\"\nsettings = { tag = \"bench\" }\n");
  return {(own_directory() / "bin" / "tenond").string(), (root / "tenon.toml").string()};
}

std::uint16_t port_in(const child_process& of, const fs::path& file) {
  wait_for(of, "tenond", [&] { return fs::exists(file); });
  return static_cast<std::uint16_t>(std::stoul(content_of(file)));
}

/// What Debian's own configuration says of files, and no access log: nginx at its fastest. Without a limit on requests
/// a connection stays as long as those of tenond.
std::vector<std::string> nginx_command(const fs::path& root, const std::string& body, std::uint16_t port) {
  fs::create_directories(root / "files");
  write(root / "files" / "answer.json", body);
  ::chmod(root.c_str(), 0755);
  const auto in = [&](const char* name) { return (root / name).string(); };
  std::ostringstream config;
  config << (::geteuid() == 0 ? "user root;\n" : "") << "worker_processes 1;\ndaemon off;\npid " << in("nginx.pid")
         << ";\nerror_log " << in("nginx-errors") << ";\nevents { worker_connections 4096; }\nhttp {\n"
         << "  sendfile on; tcp_nopush on; access_log off; keepalive_requests 1000000000;\n"
         << "  types { application/json json; }\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    config << "  " << kind << "_temp_path " << in(kind) << ";\n";
  }
  config << "  server { listen 127.0.0.1:" << port << "; root " << in("files") << "; }\n}\n";
  write(root / "nginx.conf", config.str());
  for (const char* place : {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"}) {
    if (::access(place, X_OK) == 0) return {place, "-p", root.string(), "-c", in("nginx.conf")};
  }
  throw std::runtime_error("expected nginx, found none; run tools/setup nginx-light");
}

}  // namespace

scratch_directory::scratch_directory() {
  std::string name = (fs::temp_directory_path() / "tenon-bench-http-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("expected to make a directory like " + name);
  path_ = name;
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

child_process::child_process(std::vector<std::string> command, int core, fs::path log) : log_(std::move(log)) {
  const int to = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::vector<char*> words;
  for (auto& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) become(words, core, to);
  ::close(to);
  if (pid_ < 0) throw std::runtime_error("expected to start " + command.front() + ", found no process for it");
}

child_process::~child_process() {
  ::kill(pid_, SIGTERM);
  for (int look = 0; look < 500; ++look) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(glance);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool child_process::runs() const {
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
}

void child_process::expect_running() const {
  if (runs()) return;
  auto said = content_of(log_);
  if (said.size() > 2000) said.erase(0, said.size() - 2000);
  throw std::runtime_error("expected the server to run, found that it has ended; it said:\n" + said);
}

std::vector<pid_t> child_process::family() const {
  std::vector<pid_t> all{pid_};
  const auto pid = std::to_string(pid_);
  std::istringstream children(content_of("/proc/" + pid + "/task/" + pid + "/children"));
  for (pid_t child = 0; children >> child;) all.push_back(child);
  return all;
}

double child_process::processor_seconds() const {
  double ticks = 0;
  for (const auto pid : family()) {
    const auto stat = content_of("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double child_process::resident_kb() const {
  std::istringstream rollup(content_of("/proc/" + std::to_string(pid_) + "/smaps_rollup"));
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Rss:")) return std::stod(line.substr(4));
  }
  throw std::runtime_error("expected Rss in /proc/PID/smaps_rollup, found none");
}

tenond_server::tenond_server(const fs::path& root, std::uint32_t connections, int core)
    : process_(tenond_command(root, connections), core, root / "tenond.log"), port_(port_in(process_, root / "port")) {}

nginx_server::nginx_server(const fs::path& root, const std::string& body, int core)
    : port_(free_port()), process_(nginx_command(root, body, port_), core, root / "nginx.log") {
  wait_for(process_, "nginx", [this] { return answers(port_); });
}

}  // namespace tenon::bench
