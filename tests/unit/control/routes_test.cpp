#include <doctest/doctest.h>

#include "unit/control/fakes.h"

namespace responses_proxy::testing {

TEST_CASE_FIXTURE(ControlPlaneFixture, "what is not there is a 404, whatever the method") {
  start();
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    for (const std::string path : {"/nothing", "/admin", "/admin/", "/healthz/", "/openapiXjson",
                                   "/admin/providers", "/a%0Ab", "/..%2f..%2fetc/passwd"}) {
      CAPTURE(method);
      CAPTURE(path);
      const auto response = send(method, path);
      CHECK(response.status == 404);
      CHECK(error_of(response)["code"] == "unknown_path");
      CHECK(error_of(response)["type"] == "invalid_request_error");
      CHECK(error_of(response).contains("param"));
      CHECK(response.get_header_value("X-Content-Type-Options") == "nosniff");
    }
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a method that a path does not have is a 405") {
  start();
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    const auto response = send(method, "/admin/state");
    CHECK(response.status == 405);
    CHECK(response.get_header_value("Allow") == "GET, HEAD");
    CHECK(error_of(response)["code"] == "method_not_allowed");
  }
  const auto response = get("/admin/health/check");
  CHECK(response.status == 405);
  CHECK(response.get_header_value("Allow") == "POST");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a body is taken up to its limit and ignored") {
  start();
  auto connection = client();
  const auto fits =
      connection.Post("/admin/health/check", std::string(1024 * 1024, 'x'), "application/json");
  REQUIRE(fits);
  CHECK(fits->status == 200);
  auto second = client();
  const auto too_large =
      second.Post("/admin/health/check", std::string(1024 * 1024 + 1, 'x'), "application/json");
  REQUIRE(too_large);
  CHECK(too_large->status == 413);
  CHECK(error_of(*too_large)["code"] == "body_too_large");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a URL without end is refused in the same shape") {
  start();
  const auto response = get("/" + std::string(10'000, 'a'));
  CHECK(response.status == 414);
  CHECK(error_of(response)["code"] == "url_too_long");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a connection is not kept: it would hold a thread") {
  start();
  CHECK(get("/healthz").get_header_value("Connection") == "close");
}

}  // namespace responses_proxy::testing
