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
  for (const char* method : {"TRACE", "PROPFIND"}) {  // the library's own refusal, and ours
    CHECK(send(method, "/admin/state").status == 405);
    CHECK(send(method, "/admin/state?limit=1").get_header_value("Allow") == "GET, HEAD");
    CHECK(send(method, "/nothing").status == 404);
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

TEST_CASE_FIXTURE(ControlPlaneFixture, "nothing is given out in parts") {
  start();
  for (const char* path : {"/assets/app.js", "/healthz", "/nothing"}) {
    const auto whole = get(path);
    for (const char* range : {"bytes=0-5", "bytes=0-5,7-9", "bytes=9999999-", "bytes=-5"}) {
      CAPTURE(range);
      const auto response = get(path, {{"Range", range}});
      CHECK(response.status == whole.status);
      CHECK(response.body == whole.body);
      CHECK(response.get_header_value("Content-Type") == whole.get_header_value("Content-Type"));
    }
  }
  const auto response = get("/healthz", {{"Range", "bytes=abc"}});
  CHECK(response.status == 416);
  CHECK(error_of(response)["message"].get<std::string>().starts_with("Range cannot be read"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a body that is no JSON is refused by its type and coding") {
  start();
  const httplib::Headers form{{"Content-Type", "multipart/form-data; boundary=b"}};
  const std::string part =
      "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nx\r\n--b--\r\n";
  for (const std::string& body : {part, std::string("no part"), std::string()}) {
    const auto refused = send("POST", "/admin/health/check", form, body);
    CHECK(refused.status == 415);
    CHECK(error_of(refused)["code"] == "unsupported_media_type");
    CHECK(send("POST", "/nothing", form, body).status == 404);
    CHECK(send("PUT", "/healthz", form, body).status == 405);
  }
  const auto coded =
      send("POST", "/admin/health/check", {{"Content-Encoding", "gzip"}}, "{\"id\":\"x\"}");
  CHECK(coded.status == 415);
  CHECK(error_of(coded)["code"] == "unsupported_media_type");
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
