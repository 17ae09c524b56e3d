#pragma once

#include <tenon/router.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace tenon::testing {

/// Where the router's contract finds its platforms. The contract's tests are compiled once and linked with a
/// world: one of plain C++ platforms, one of plugins.
///
/// A world knows the tenants "tenant-a" to "tenant-f", whose platforms implement the five core sales tasks
/// and answer each with who they are, and no tenant "nobody".
class contract_world {
 public:
  /// Kinds of factories and platforms. A world that has only one kind gives that one.
  enum class flavour {
    plain,
    suspending_factory,  ///< the platform is there later, on another thread
    blocking_platform,   ///< calls hold their thread
    handshaking,         ///< a build waits in the real factory, a plugin's in its create(), until end_handshake()
    no_platform          ///< yields something which is no platform
  };

  contract_world() = default;
  contract_world(const contract_world&) = delete;
  contract_world& operator=(const contract_world&) = delete;
  virtual ~contract_world() = default;

  virtual std::shared_ptr<factory> make_source(flavour kind) = 0;

  /// The tenant whose platform gave an answer.
  virtual std::string tenant_of(const reply& answer) const = 0;

  /// The thread that a platform made an answer on, as std::thread::id prints.
  virtual std::string thread_of(const reply& answer) const = 0;

  /// Whether so many handshakes begin in time.
  virtual bool handshakes(int count) const = 0;

  /// Ends the nth handshake, counted from 0: well, or with SERVICE_UNAVAILABLE to be tried again after 7 s.
  virtual void end_handshake(std::size_t nth, bool well) = 0;
};

/// Made anew for each test. The executors run as long as the world lives. Defined once in each program.
std::unique_ptr<contract_world> make_contract_world(boost::asio::any_io_executor executor,
                                                    boost::asio::any_io_executor blocking, const clock& time);

}  // namespace tenon::testing
