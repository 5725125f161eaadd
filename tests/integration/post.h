// Requests to a TestProxy, by cpp-httplib.
#pragma once

#include <doctest/doctest.h>
#include <httplib.h>

#include <functional>
#include <string>

#include "core/json.h"
#include "integration/test_proxy.h"

namespace responses_proxy::testing {

inline httplib::Result post(const TestProxy& proxy, const std::string& body,
                            const httplib::Headers& headers = {}) {
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_read_timeout(30);
  return client.Post("/v1/responses", headers, body, "application/json");
}

// An answer whose body is JSON; discarded where it is none.
struct Given {
  int status;
  Json body;
};

inline Given given(const httplib::Result& result) {
  REQUIRE(result);
  return {result->status, Json::parse(result->body, nullptr, false)};
}

// The answer's body; `look` sees what is there of it after every piece.
inline std::string post_reading(const TestProxy& proxy, const std::string& body,
                                const std::function<void(const std::string& seen)>& look) {
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_read_timeout(30);
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = body;
  std::string seen;
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    seen.append(data, size);
    look(seen);
    return true;
  };
  client.send(request);
  return seen;
}

}  // namespace responses_proxy::testing
