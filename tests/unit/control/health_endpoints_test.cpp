#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "unit/control/fakes.h"

namespace responses_proxy::testing {

namespace {

// Sends exactly these bytes and reads to the end.
std::string exchange(int port, const std::string& bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::send(socket, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(socket);
  return answer;
}

}  // namespace

TEST_CASE_FIXTURE(ControlPlaneFixture, "healthz answers ok, with and without a body") {
  records.fails = true;
  start();
  const auto response = get("/healthz");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"ok"})");
  CHECK(response.get_header_value("Content-Type") == "application/json");
  // Of what is not compressed; some versions of cpp-httplib would by themselves.
  const auto head = send("HEAD", "/healthz", {{"Accept-Encoding", "identity"}});
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.get_header_value("Content-Length") == "15");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "readyz is ready with resources and a database") {
  start();
  const auto response = get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"ready"})");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "readyz stays ready without Redis, and says so") {
  state->shared = SharedStateStats{};
  start();
  auto response = get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"ready","degraded":["redis"]})");
  state->shared->up = true;
  response = get("/readyz");
  CHECK(response.body == R"({"status":"ready"})");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "readyz names a pool without an available resource") {
  const auto give = [&](const char* id, Health word, Millis blocked) {
    resource(id)->apply({word, Millis(30'000), blocked, true, "HTTP 401"}, clock.steady());
  };
  start();
  give("openai-2", Health::unhealthy, Millis(0));
  auto response = get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"ready","degraded":["pool:pool-b"]})");
  give("openai-1", Health::degraded, Millis(0));  // still a last resort
  CHECK(get("/readyz").status == 200);
  give("openai-1", Health::degraded, Millis(10'000));
  response = get("/readyz");
  CHECK(response.status == 503);
  CHECK(
      response.body ==
      R"({"status":"not_ready","missing":["available_resources"],"degraded":["pool:pool-a","pool:pool-b"]})");
  clock.advance(Millis(10'000));
  CHECK(get("/readyz").body == R"({"status":"ready","degraded":["pool:pool-b"]})");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "readyz names everything that is missing") {
  router.update({});
  records.fails = true;
  start();
  draining = true;
  const auto response = get("/readyz");
  CHECK(response.status == 503);
  CHECK(response.body == R"({"status":"not_ready","missing":["resources","database","draining"]})");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "readyz asks the database at most once a second") {
  start();
  CHECK(get("/readyz").status == 200);
  records.fails = true;
  CHECK(get("/readyz").status == 200);
  CHECK(records.pings == 1);
  clock.advance(Millis(1'000));
  CHECK(get("/readyz").status == 503);
  CHECK(records.pings == 2);
  records.fails = false;
  clock.advance(Millis(1'000));
  CHECK(get("/readyz").status == 200);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "probes do not pile up behind a database that hangs") {
  std::promise<void> asked;
  std::promise<void> release;
  auto released = release.get_future().share();
  start();
  CHECK(get("/readyz").status == 200);
  records.on_ping = [&asked, released, first = true]() mutable {
    if (std::exchange(first, false)) asked.set_value();
    released.wait();
  };
  clock.advance(Millis(1'000));
  auto stuck = std::async(std::launch::async, [this] { return get("/readyz").status; });
  asked.get_future().wait();
  CHECK(get("/readyz").status == 200);  // the last word, while it is recent
  clock.advance(Millis(2'000));
  CHECK(get("/readyz").status == 503);
  CHECK(records.pings == 2);
  release.set_value();
  CHECK(stuck.get() == 200);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a health check answers with its results") {
  health.results = {{"openai-1", Health::healthy, 200, "", std::chrono::microseconds(1500)},
                    {"openai-2", Health::unhealthy, 0, "connect", std::chrono::microseconds(0)}};
  start();
  const auto response = send("POST", "/admin/health/check");
  CHECK(response.status == 200);
  CHECK(Json::parse(response.body) == Json::parse(R"({"data":[
    {"resource_id":"openai-1","health":"healthy","status_code":200,"error":null,"latency_ms":1.5},
    {"resource_id":"openai-2","health":"unhealthy","status_code":null,"error":"connect",
     "latency_ms":0.0}]})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a POST without Content-Length is answered at once") {
  start();
  // What `curl -X POST` sends. The client keeps its side open, so waiting for a body would end in
  // an error.
  const std::string answer =
      exchange(port, "POST /admin/health/check HTTP/1.1\r\nHost: proxy\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.ends_with(R"({"data":[]})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a health check that takes too long is a 504") {
  health.silent = true;
  config.health_check_timeout = Millis(10'000);
  start();
  auto answer =
      std::async(std::launch::async, [this] { return send("POST", "/admin/health/check"); });
  health.wait_for_checks(1);
  clock.advance(Millis(21'000));
  const auto response = answer.get();
  CHECK(response.status == 504);
  CHECK(error_of(response)["code"] == "health_check_timeout");
  health.answer_pending();  // too late: goes nowhere, harms nothing
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "only a few callers wait for health checks at once") {
  health.silent = true;
  start();
  const auto ask = [this] { return send("POST", "/admin/health/check").status; };
  auto first = std::async(std::launch::async, ask);
  auto second = std::async(std::launch::async, ask);
  health.wait_for_checks(2);
  const auto refused = send("POST", "/admin/health/check");
  CHECK(refused.status == 429);
  CHECK(refused.get_header_value("Retry-After") == "1");
  CHECK(error_of(refused)["code"] == "health_check_busy");
  health.answer_pending();
  CHECK(first.get() == 200);
  CHECK(second.get() == 200);
}

}  // namespace responses_proxy::testing
