// Linked into echo: a static constructor that waits until somebody opens the pipe named by TENON_TEST_PIPE for writing
// and closes it. Without the variable, as in the canary, it does not wait.
#include <cstdlib>
#include <fstream>

namespace {

bool wait_for_pipe() {
  const char* const pipe = std::getenv("TENON_TEST_PIPE");
  if (pipe == nullptr) return false;
  std::ifstream(pipe).get();
  return true;
}

[[maybe_unused]] const bool waited = wait_for_pipe();

}  // namespace
