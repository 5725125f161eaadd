// Level 1 beside nginx: a sidecar that only picks. nginx asks it before each request
// (auth_request), sends the request itself, and tells by its access log how it went; no body passes
// through here. examples/picking_sidecar.nginx is the other half.
//
//   OPENAI_API_KEYS=sk-first,sk-second ./picking_sidecar 9000 9001
#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/verdict.h"

using namespace responses_proxy;

namespace {

class Sidecar {
 public:
  explicit Sidecar(std::string keys) {
    const char* base = std::getenv("UPSTREAM_BASE_URL");  // NOLINT: before there are threads
    std::vector<Resource> resources;
    for (std::size_t at = 0; at < keys.size();) {
      const auto end = std::min(keys.find(',', at), keys.size());
      Resource& resource = resources.emplace_back();
      resource.id = "openai-" + std::to_string(resources.size());
      resource.base_url = base != nullptr ? base : "https://api.openai.com/v1";
      resource.credential = Secret(keys.substr(at, end - at));
      at = end + 1;
    }
    router_.update(std::move(resources));
  }

  // 204 with what nginx needs; else what the client gets.
  void pick(const httplib::Request& asked, httplib::Response& answer) {
    const std::string session = asked.get_header_value("X-Session");
    std::string preferred;
    state_->find_affinity({AffinityKind::session, session},
                          [&](const auto& id) { preferred = id.value_or(""); });
    const auto route = router_.route({});
    if (!route) return refuse(route.error(), answer);
    PickResult result = balancer_.pick({.route = *route, .preferred_resource = preferred});
    if (const auto* wait = std::get_if<Wait>(&result)) return refuse(wait->error, answer);
    if (const auto* reject = std::get_if<Reject>(&result)) return refuse(reject->error, answer);
    auto& lease = std::get<Picked>(result);
    answer.status = 204;
    answer.set_header("X-Base-Url", lease.resource().base_url);
    answer.set_header("X-Key", lease.resource().credential.reveal());
    answer.set_header("X-Resource", lease.resource().id);
    if (!session.empty()) {
      state_->remember_affinity({AffinityKind::session, session}, lease.resource().id, [] {});
    }
    const std::scoped_lock lock(mutex_);
    // The end of some is never told: at last one goes for each that comes.
    if (under_way_.size() >= kMost) under_way_.erase(under_way_.begin());
    under_way_.insert_or_assign(asked.get_header_value("X-Request-Id"), std::move(lease));
  }

  // "...: ID STATUS SECONDS RETRY-AFTER", a line of nginx's access log.
  void hear(std::string line) {
    const auto at = line.rfind(": ");
    if (at != std::string::npos) line.erase(0, at + 2);
    char id[64];
    char retry[32];
    int status = 0;
    double seconds = 0;
    if (std::sscanf(line.c_str(), "%63s %d %lf %31s", id, &status, &seconds, retry) != 4) return;
    const std::scoped_lock lock(mutex_);
    auto lease = under_way_.extract(id);
    if (lease.empty()) return;
    const Verdict verdict = verdict_of(status, {{"retry-after", retry}}, clock_.wall());
    lease.mapped().finish(verdict, Millis(static_cast<int>(seconds * 1000)), clock_.steady());
    std::printf("%s answered %d\n", id, status);
    std::fflush(stdout);
  }

 private:
  static constexpr std::size_t kMost = 100'000;

  static void refuse(const Error& error, httplib::Response& answer) {
    answer.status = 403;  // auth_request knows 401 and 403 only; nginx makes 503 of it
    answer.set_content(error.to_json(), "application/json");
  }

  SystemClock clock_;
  SeededRandom random_{random_seed()};
  std::unique_ptr<StateStore> state_ = make_memory_state_store(clock_);
  TableRouter router_{*state_};
  LoadBalancer balancer_{clock_, random_};
  std::mutex mutex_;  // guards what follows
  std::map<std::string, Lease> under_way_;
};

// A socket for the log, and its port: `port`, or any for 0.
int open_log(std::uint16_t& port) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const bool bound = ::bind(descriptor, where, size) == 0;
  if (::getsockname(descriptor, where, &size) == 0) port = ntohs(address.sin_port);
  return bound ? descriptor : -1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* keys = std::getenv("OPENAI_API_KEYS");  // NOLINT: before there are threads
  if (argc < 3 || keys == nullptr) return 2;
  Sidecar sidecar(keys);
  auto log_port = static_cast<std::uint16_t>(std::atoi(argv[2]));  // NOLINT
  const int log = open_log(log_port);
  if (log < 0) return 1;
  std::thread([&sidecar, log] {
    char line[2048];
    for (ssize_t size = 0; (size = ::recv(log, line, sizeof line, 0)) >= 0;) {
      sidecar.hear(std::string(line, static_cast<std::size_t>(size)));
    }
  }).detach();
  httplib::Server server;
  server.Get("/pick", [&](const auto& asked, auto& answer) { sidecar.pick(asked, answer); });
  int port = std::atoi(argv[1]);  // NOLINT
  port = port == 0 ? server.bind_to_any_port("127.0.0.1")
                   : (server.bind_to_port("127.0.0.1", port) ? port : -1);
  std::printf("sidecar listening on http://127.0.0.1:%d, log on %d\n", port, log_port);
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}
