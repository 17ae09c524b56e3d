#pragma once

#include "relacy_sync.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <string>

namespace tenon::model {

/// Where Relacy's own tracking does not reach: aligned memory, which is what entries, records and tables are made of.
/// What is freed is overwritten at once. Whether it is given out again, under the same address, is a matter of chance:
/// with it, a reader may take the new for the old; without, a read of the old is always caught.
class aligned_memory {
 public:
  void* take(std::size_t size, std::size_t alignment) {
    auto& reusable = free_.at(class_of(size));
    if (!reusable.empty()) {
      auto* const again = reusable.back();
      reusable.pop_back();
      return again;
    }
    used_ = (used_ + alignment - 1) / alignment * alignment;
    auto* const fresh = room_.data() + used_;
    used_ += size;
    if (used_ > room_.size()) std::abort();
    std::memset(fresh, 0xA5, size);
    return fresh;
  }

  void give_back(void* gone, std::size_t size) {
    std::memset(gone, 0xDD, size);
    if (rl::rand(2) != 0) free_.at(class_of(size)).push_back(gone);
  }

  void begin_iteration() {
    used_ = 0;
    for (auto& each : free_) each.clear();
  }

 private:
  static std::size_t class_of(std::size_t size) { return size / 16; }

  alignas(4096) std::array<std::byte, 1u << 16> room_{};
  std::size_t used_ = 0;
  std::array<rl::vector<void*>::type, 256> free_{};
};
inline aligned_memory aligned;

/// What a lease protects: content that may be read while it is leased, and is gone afterwards. Relacy reports a read
/// that the destruction does not come after, whether or not it found anything wrong in that schedule.
class content {
 public:
  explicit content(int is) : is_(std::make_unique<rl::var<int>>(is)) {}
  content(content&&) noexcept = default;
  content& operator=(content&&) = delete;
  ~content() {
    if (is_ != nullptr) (*is_)(at(place::current())).store(gone);
  }

  int read(const place& where = place::current()) const {
    const int found = (*is_)(at(where)).load();
    RL_ASSERT(found != gone);
    return found;
  }

 private:
  static constexpr int gone = -1;
  std::unique_ptr<rl::var<int>> is_;
};

inline void expect(bool holds, const char* what, const place& where = place::current()) {
  if (!holds) rl::ctx().fail_test(what, rl::test_result_user_assert_failed, at(where));
}

/// Some threads on some domain. Derived has run(thread), and may have before() and after().
template <class Derived, int Threads, class Machine>
struct scenario : rl::test_suite<Derived, Threads> {
  using sync = relacy_sync<Machine>;
  using access = lease_access<sync>;

  scenario() {
    running.fill(nullptr);
    access::seats.fill({});
    access::of_iteration = &domain;
  }

  void thread(unsigned index) {
    running.at(index) = rl::ctx().threadx_;
    full_fence();
    static_cast<Derived*>(this)->run(index);
    access::domain().leave(access::seat());
    running.at(index) = nullptr;
  }

  // Of the aligned memory, the domain is the last that gives back, and its test the first that takes.
  struct fresh_memory {
    fresh_memory() { aligned.begin_iteration(); }
  } memory;
  lease_domain<sync> domain;
};

/// Random schedules in which a thread runs on for a while: for one step in some iterations, for 64 in others, on the
/// average. Where the next thread is drawn at every step, none ever stands still while another gets far.
template <rl::thread_id_t Threads>
class uneven_scheduler : public rl::scheduler<uneven_scheduler<Threads>, rl::scheduler_thread_info, Threads> {
  using base = rl::scheduler<uneven_scheduler<Threads>, rl::scheduler_thread_info, Threads>;

 public:
  struct task_t {};

  uneven_scheduler(rl::test_params& how, typename base::shared_context_t& context, rl::thread_id_t dynamic_threads)
      : base(how, context, dynamic_threads) {}

  rl::thread_id_t iteration_begin_impl() {
    random_.seed(this->iter_);
    stretch_ = 1u << random_.rand() % 7;
    running_ = Threads;
    rl::unpark_reason reason;
    return schedule_impl(reason, 1);
  }
  bool iteration_end_impl() { return this->iter_ == this->params_.iteration_count; }
  rl::iteration_t iteration_count_impl() { return this->params_.iteration_count; }

  rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned yields) {
    reason = rl::unpark_reason_normal;
    const auto count = this->running_threads_count;
    RL_VERIFY(count != 0);
    if (yields == 0 && random_.rand() % stretch_ != 0) {
      for (rl::thread_id_t each = 0; each < count; ++each) {
        if (this->running_threads[each] == running_) return running_;
      }
    }
    return running_ = this->running_threads[random_.rand() % count];
  }
  unsigned rand_impl(unsigned limit, rl::sched_type) { return random_.rand() % limit; }

  // An iteration is its number, and needs no state to be run again.
  void get_state_impl(std::ostream&) {}
  void set_state_impl(std::istream&) {}
  void on_thread_block(rl::thread_id_t, bool) {}

 private:
  rl::random_generator random_;
  unsigned stretch_ = 1;
  rl::thread_id_t running_ = Threads;
};

inline rl::iteration_t iterations(rl::iteration_t usual) {
  const char* const asked = std::getenv("TENON_MODEL_ITERATIONS");
  return asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
}

/// As rl::simulate(), which is built with every scheduler there is: a schedule that fails runs once more, for its
/// history.
template <class Scenario, class Scheduler>
bool holds(const std::string& name, rl::test_params how) {
  rl::ostringstream said;
  how.output_stream = &said;
  how.progress_stream = &said;
  how.execution_depth_limit = 20'000;
  rl::ostringstream schedule;
  const bool good = rl::run_test<Scenario, Scheduler>(how, schedule, false) == rl::test_result_success;
  std::printf("%-9s %s: %llu schedules\n", good ? "holds" : "BROKEN", name.c_str(),
              static_cast<unsigned long long>(how.stop_iteration));
  if (!good) {
    how.initial_state = schedule.str();
    how.collect_history = true;
    rl::run_test<Scenario, Scheduler>(how, schedule, true);
    std::fputs(said.str().c_str(), stdout);
  }
  std::fflush(stdout);
  return good;
}

/// Random schedules, as many as TENON_MODEL_ITERATIONS says.
template <class Scenario>
bool at_random(const std::string& name, rl::iteration_t usual) {
  rl::test_params how;
  how.search_type = rl::random_scheduler_type;
  how.iteration_count = iterations(usual);
  return holds<Scenario, uneven_scheduler<Scenario::params::thread_count>>(name + ", at random", how);
}

/// Every schedule in which threads are interrupted at most `interruptions` times.
template <class Scenario>
bool completely(const std::string& name, unsigned interruptions) {
  rl::test_params how;
  how.search_type = rl::fair_context_bound_scheduler_type;
  how.context_bound = interruptions;
  return holds<Scenario, rl::context_bound_scheduler<Scenario::params::thread_count>>(name + ", completely", how);
}

/// One scenario on every machine.
template <template <class> class Scenario>
bool at_random_everywhere(const std::string& name, rl::iteration_t usual) {
  return at_random<Scenario<membarrier>>(name + ", membarrier", usual) &&
         at_random<Scenario<no_membarrier>>(name + ", no membarrier", usual) &&
         at_random<Scenario<paired_fences>>(name + ", paired fences", usual);
}

template <template <class> class Scenario>
bool completely_everywhere(const std::string& name, unsigned interruptions) {
  return completely<Scenario<membarrier>>(name + ", membarrier", interruptions) &&
         completely<Scenario<no_membarrier>>(name + ", no membarrier", interruptions) &&
         completely<Scenario<paired_fences>>(name + ", paired fences", interruptions);
}

}  // namespace tenon::model

// For a program of one file. The size is not told by every form of delete: it stands in front.
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto before = static_cast<std::size_t>(alignment);
  auto* const memory = static_cast<std::byte*>(tenon::model::aligned.take(size + before, before));
  std::memcpy(memory, &size, sizeof size);
  return memory + before;
}
[[gnu::noinline]] void operator delete(void* gone, std::align_val_t alignment) noexcept {
  const auto before = static_cast<std::size_t>(alignment);
  auto* const memory = static_cast<std::byte*>(gone) - before;
  std::size_t size = 0;
  std::memcpy(&size, memory, sizeof size);
  tenon::model::aligned.give_back(memory, size + before);
}
void operator delete(void* gone, std::size_t, std::align_val_t alignment) noexcept { operator delete(gone, alignment); }
