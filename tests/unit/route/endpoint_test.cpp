#include "route/endpoint.h"

#include <doctest/doctest.h>

#include <array>

namespace responses_proxy {

namespace {

struct Row {
  const char* method;
  const char* path;
  EndpointKind kind;
  std::string_view id = {};
};

using enum EndpointKind;

constexpr std::array kServed = {
    Row{"POST", "/v1/responses", create_response},
    Row{"POST", "/v1/responses/", create_response},
    Row{"POST", "/v1/responses/compact", compact},
    Row{"POST", "/v1/responses/input_tokens", input_tokens},
    Row{"GET", "/v1/responses/resp_1", response, "resp_1"},
    Row{"DELETE", "/v1/responses/resp_1", response, "resp_1"},
    Row{"POST", "/v1/responses/resp_1/cancel", response, "resp_1"},
    Row{"GET", "/v1/responses/resp_1/input_items", response, "resp_1"},
    Row{"PATCH", "/v1/responses/resp_1/new/thing", response, "resp_1"},
    Row{"GET", "/v1/responses/other-7", response, "other-7"},
    Row{"POST", "/v1/responses/other-7/cancel", response, "other-7"},
    Row{"GET", "/v1/responses/other-7/input_items", response, "other-7"},
    Row{"GET", "/v1/responses/other-7/", response, "other-7"},
    Row{"POST", "/v1/responses/batch/start", response_subpath},
    Row{"GET", "/v1/responses/compact/x", response_subpath},
    Row{"GET", "/v1/responses/resp%5F1", response, "resp%5F1"},
    Row{"GET", "/v1/models", models},
    Row{"GET", "/v1/models/", models},
    Row{"GET", "/v1/models/vendor/name", models},
    Row{"POST", "/v1/conversations", conversations},
    Row{"GET", "/v1/conversations/conv_1", conversations, "conv_1"},
    Row{"POST", "/v1/conversations/conv_1/items", conversations, "conv_1"},
    Row{"DELETE", "/v1/conversations/conv_1/items/msg_1", conversations, "conv_1"},
};

struct Refusal {
  const char* method;
  const char* path;
  int status;
};

constexpr std::array kRefused = {
    Refusal{"GET", "/v1/responses", 405},
    Refusal{"PUT", "/v1/responses/compact", 405},
    Refusal{"GET", "/v1/responses/compact", 405},
    Refusal{"GET", "/v1/responses/input_tokens", 405},
    Refusal{"POST", "/v1/models", 405},
    Refusal{"DELETE", "/v1/models/x", 405},
    Refusal{"post", "/v1/responses", 405},
    Refusal{"POST", "/v1/responsesx", 404},
    Refusal{"POST", "/v1/Responses", 404},
    Refusal{"POST", "/v1", 404},
    Refusal{"POST", "/", 404},
    Refusal{"POST", "", 404},
    Refusal{"POST", "/v1/chat/completions", 404},
    Refusal{"GET", "/v1/model", 404},
    Refusal{"POST", "//v1/responses", 404},
    Refusal{"POST", "/V1/responses", 404},
};

}  // namespace

TEST_CASE("what is served, and as what") {
  for (const Row& row : kServed) {
    CAPTURE(row.method);
    CAPTURE(row.path);
    const auto endpoint = classify(row.method, row.path);
    REQUIRE(endpoint);
    CHECK(endpoint->kind == row.kind);
    CHECK(endpoint->id == row.id);
    CHECK(endpoint->needs_json_body() ==
          (row.kind == create_response || row.kind == compact || row.kind == input_tokens));
  }
}

TEST_CASE("what is not, and the reason") {
  for (const Refusal& refusal : kRefused) {
    CAPTURE(refusal.method);
    CAPTURE(refusal.path);
    const auto endpoint = classify(refusal.method, refusal.path);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().status == refusal.status);
    CHECK(endpoint.error().code == (refusal.status == 404 ? "unknown_path" : "method_not_allowed"));
    CHECK(endpoint.error().message.find(refusal.path) != std::string::npos);
  }
}

TEST_CASE("an id points into the path") {
  const std::string path = "/v1/responses/resp_1/cancel";
  CHECK(classify("POST", path)->id.data() == path.data() + 14);
}

}  // namespace responses_proxy
