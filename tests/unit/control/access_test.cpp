#include <doctest/doctest.h>

#include "control/guard.h"
#include "unit/control/registry_fixture.h"

namespace responses_proxy::testing {

namespace {

const std::vector<std::string> kProtected = {
    "/admin/state",    "/admin/events",    "/admin/requests", "/admin/decisions",
    "/admin/sessions", "/admin/telemetry", "/admin/usage",    "/metrics"};

}  // namespace

TEST_CASE_FIXTURE(ControlPlaneFixture, "without PROXY_ADMIN_PROTECT=all a token protects no data") {
  config.admin_token = Secret("correct-horse-battery");
  start();
  for (const std::string& path : kProtected) CHECK(send("HEAD", path).status == 200);
  CHECK(send("POST", "/admin/health/check").status == 200);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "with it, data needs the token") {
  config.admin_token = Secret("correct-horse-battery");
  config.admin_protect = AdminProtection::all;
  start();
  for (const std::string& path : kProtected) {
    CAPTURE(path);
    const auto refused = get(path);
    CHECK(refused.status == 401);
    CHECK(refused.get_header_value("WWW-Authenticate") == "Bearer");
    CHECK(error_of(refused)["code"] == "invalid_admin_token");
    CHECK(error_of(refused)["type"] == "invalid_request_error");
    CHECK(refused.body.find("correct-horse") == std::string::npos);
    CHECK(send("HEAD", path, {{"Authorization", "Bearer correct-horse-battery"}}).status == 200);
    CHECK(send("HEAD", path, {{"Authorization", "bearer correct-horse-battery"}}).status == 200);
  }
  for (const std::string credentials :
       {"Bearer wrong-horse-battery!", "Bearer ", "Bearer", "Bearer correct-horse-batter",
        "Bearer correct-horse-battery2", "Basic correct-horse-battery", "correct-horse-battery"}) {
    CAPTURE(credentials);
    CHECK(get("/admin/state", {{"Authorization", credentials}}).status == 401);
  }
  CHECK(send("POST", "/admin/health/check").status == 401);
  CHECK(get("/admin%2Fstate").status == 401);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "probes and pages stay open") {
  config.admin_token = Secret("correct-horse-battery");
  config.admin_protect = AdminProtection::all;
  start();
  for (const std::string path : {"/healthz", "/readyz", "/openapi.json", "/docs", "/"}) {
    CAPTURE(path);
    CHECK(get(path).status == 200);
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "protection without a token lets nobody in") {
  config.admin_protect = AdminProtection::all;
  start();
  CHECK(get("/admin/state").status == 401);
  CHECK(get("/admin/state", {{"Authorization", "Bearer "}}).status == 401);
}

TEST_CASE("registry endpoints need the token whenever there is one") {
  httplib::Request request;
  request.method = "GET";
  Config config;
  CHECK_FALSE(control::refusal(request, control::Access::registry, config));
  config.admin_token = Secret("correct-horse-battery");
  CHECK(control::refusal(request, control::Access::registry, config)->status == 401);
  request.headers.emplace("Authorization", "Bearer correct-horse-battery");
  CHECK_FALSE(control::refusal(request, control::Access::registry, config));
}

TEST_CASE_FIXTURE(RegistryFixture, "the token is asked for before the body's type") {
  config.admin_token = Secret("a-token");
  start();
  const std::string part =
      "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nx\r\n--b--\r\n";
  httplib::Headers headers{{"Content-Type", "multipart/form-data; boundary=b"}};
  CHECK(send("POST", "/admin/providers", headers, part).status == 401);
  headers.emplace("Authorization", "Bearer a-token");
  CHECK(send("POST", "/admin/providers", headers, part).status == 415);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a page of another site gets nothing") {
  config.allowed_origins = {"https://app.example"};
  start();
  const auto ask = [this](const std::string& method, const std::string& origin) {
    const std::string path = method == "POST" ? "/admin/health/check" : "/admin/requests";
    return send(method, path, {{"Host", "proxy.test:8000"}, {"Origin", origin}});
  };
  for (const std::string method : {"GET", "POST"}) {
    CHECK(ask(method, "http://PROXY.test:8000").status == 200);
    CHECK(ask(method, "https://app.example").status == 200);
    for (const std::string origin : {"http://evil.test", "http://proxy.test", "null",
                                     "https://proxy.test:8000", "proxy.test:8000"}) {
      CAPTURE(origin);
      const auto refused = ask(method, origin);
      CHECK(refused.status == 403);
      CHECK(error_of(refused)["code"] == "origin_not_allowed");
    }
  }
}

}  // namespace responses_proxy::testing
