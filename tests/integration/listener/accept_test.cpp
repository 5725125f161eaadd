// Where the listener takes connections: a port that is taken, and no descriptors left.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/wait_until.h"
#include "integration/raw_client.h"
#include "responses_proxy/event_loop.h"
#include "server/http_listener.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Answers every request; keeps the warnings and when they came.
class WarningRig {
 public:
  struct Warning {
    std::string line;
    SteadyTime at;
  };
  WarningRig() {
    ListenerHandlers handlers;
    handlers.serve = [](std::size_t, const Request&,
                        const std::shared_ptr<ResponseWriter>& writer) {
      writer->start({});
      writer->finish();
    };
    handlers.log = [this](const LogEvent& event) {
      const std::scoped_lock lock(mutex_);
      warnings_.push_back({event.message, clock_.steady()});
    };
    listener_ = std::make_unique<HttpListener>(loops_, ListenPlace{"127.0.0.1"}, ListenerLimits{},
                                               clock_, std::move(handlers));
    listener_->start();
    loops_.start();
  }
  ~WarningRig() { loops_.stop(); }

  std::uint16_t port() const { return listener_->port(); }
  ManualClock& clock() { return clock_; }
  std::vector<Warning> warnings() {
    const std::scoped_lock lock(mutex_);
    return warnings_;
  }

 private:
  ManualClock clock_;
  std::mutex mutex_;
  std::vector<Warning> warnings_;
  EventLoops loops_{1};
  std::unique_ptr<HttpListener> listener_;
};

// While it lives, the process gets no further descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

bool answers(RawClient& client) {
  client.clear();
  client.send(kGet);
  return client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK");
}

}  // namespace

TEST_CASE("a port that is taken is named") {
  WarningRig first;
  EventLoops loops(1);
  const std::string port = std::to_string(first.port());
  std::string problem;
  try {
    const HttpListener second(loops, {"127.0.0.1", first.port()}, {}, first.clock(), {});
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  CHECK(problem.starts_with("cannot listen on 127.0.0.1:" + port + ": "));
  CHECK(problem.find("in use") != std::string::npos);
  RawClient client(first.port());
  CHECK(answers(client));
}

TEST_CASE("without descriptors the operator is told, seldom, and clients are served later") {
  WarningRig rig;
  RawClient kept(rig.port());
  REQUIRE(answers(kept));
  RawClient first;
  RawClient second;
  {
    const NoDescriptors none;
    first.connect(rig.port());
    REQUIRE(wait_until([&] { return rig.warnings().size() == 1; }));
    CHECK(answers(kept));  // who has a connection is served
  }
  CHECK(answers(first));
  {
    const NoDescriptors none;
    second.connect(rig.port());
    REQUIRE(answers(kept));  // on the same loop, behind the connection that cannot be accepted
    rig.clock().advance(HttpListener::kAcceptTroublePause);
    REQUIRE(wait_until([&] { return rig.warnings().size() >= 2; }));
  }
  CHECK(answers(second));
  const auto warnings = rig.warnings();
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[1].at - warnings[0].at == HttpListener::kAcceptTroublePause);
  for (const auto& warning : warnings) {
    CHECK(warning.line.starts_with("cannot accept connections: "));
    CHECK(warning.line.find("LimitNOFILE") != std::string::npos);
  }
}

TEST_CASE("a listener on a loopback address knows its names") {
  WarningRig rig;
  RawClient client(rig.port());
  client.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(client.read_to_end().starts_with("HTTP/1.1 403 "));
}
