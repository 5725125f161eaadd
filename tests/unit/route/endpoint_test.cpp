#include "route/endpoint.h"

#include <doctest/doctest.h>

#include <array>
#include <regex>
#include <string>

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
    Row{"POST", "/v1/responses/compact", compact},
    Row{"POST", "/v1/responses/input_tokens", input_tokens},
    Row{"GET", "/v1/responses/resp_1", response, "resp_1"},
    Row{"DELETE", "/v1/responses/resp_1", response, "resp_1"},
    Row{"POST", "/v1/responses/resp_1/cancel", response, "resp_1"},
    Row{"GET", "/v1/responses/resp_1/input_items", response, "resp_1"},
    Row{"PATCH", "/v1/responses/resp_1/new/thing", response, "resp_1"},
    Row{"PATCH", "/v1/responses/resp%5F1/new/thing", response, "resp%5F1"},
    Row{"GET", "/v1/responses/other-7", response, "other-7"},
    Row{"POST", "/v1/responses/other-7/cancel", response, "other-7"},
    Row{"GET", "/v1/responses/other-7/input_items", response, "other-7"},
    Row{"HEAD", "/v1/responses/resp_1", response, "resp_1"},
    Row{"FROBNICATE", "/v1/responses/resp_1", response, "resp_1"},
    Row{"POST", "/v1/responses/batch/start", response_subpath},
    Row{"GET", "/v1/responses/compact/x", response_subpath},
    Row{"GET", "/v1/responses/resp%5F1", response, "resp%5F1"},
    Row{"GET", "/v1/models", models},
    Row{"HEAD", "/v1/models", models},
    Row{"HEAD", "/v1/models/x", models},
    Row{"GET", "/v1/models/vendor/name", models},
    Row{"POST", "/v1/conversations", conversations},
    Row{"GET", "/v1/conversations/conv_1", conversations, "conv_1"},
    Row{"POST", "/v1/conversations/conv_1/items", conversations, "conv_1"},
    Row{"DELETE", "/v1/conversations/conv_1/items/msg_1", conversations, "conv_1"},
    Row{"POST", "/v1/alpha/search", search},
};

struct Refusal {
  const char* method;
  const char* path;
  int status;
  const char* allow = "";
};

constexpr const char* kForwarded = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::array kRefused = {
    Refusal{"GET", "/v1/responses", 405, "POST"},
    Refusal{"HEAD", "/v1/responses", 405, "POST"},
    Refusal{"PUT", "/v1/responses/compact", 405, "POST"},
    Refusal{"GET", "/v1/responses/compact", 405, "POST"},
    Refusal{"GET", "/v1/responses/input_tokens", 405, "POST"},
    Refusal{"POST", "/v1/models", 405, "GET, HEAD"},
    Refusal{"DELETE", "/v1/models/x", 405, "GET, HEAD"},
    Refusal{"post", "/v1/responses", 405, "POST"},
    Refusal{"TRACE", "/v1/responses/resp_1", 405, kForwarded},
    Refusal{"TRACE", "/v1/responses/batch/start", 405, kForwarded},
    Refusal{"CONNECT", "/v1/conversations/conv_1", 405, kForwarded},
    Refusal{"POST", "/v1/responsesx", 404},
    Refusal{"POST", "/v1/Responses", 404},
    Refusal{"POST", "/v1", 404},
    Refusal{"POST", "/", 404},
    Refusal{"POST", "", 404},
    Refusal{"POST", "/v1/chat/completions", 404},
    Refusal{"GET", "/v1/model", 404},
    Refusal{"GET", "/v1/alpha/search", 405, "POST"},
    Refusal{"POST", "/v1/alpha", 404},
    Refusal{"POST", "/v1/alpha/search/x", 404},
    Refusal{"POST", "//v1/responses", 404},
    Refusal{"POST", "/v1//responses", 404},
    Refusal{"GET", "/v1/responses//resp_1", 404},
    Refusal{"GET", "/v1/responses/resp_1//cancel", 404},
    Refusal{"GET", "/v1/conversations//", 404},
    Refusal{"POST", "/V1/responses", 404},
    Refusal{"POST", "/v1/responses/../files", 400},
    Refusal{"GET", "/v1/responses/resp_1/%2e%2e/x", 400},
    Refusal{"DELETE", "/v1/conversations/a%2Fb", 400},
    Refusal{"GET", "/v1/models/a\\b", 400},
};

const char* code_of(int status) {
  if (status == 400) return "invalid_path";
  return status == 404 ? "unknown_path" : "method_not_allowed";
}

}  // namespace

TEST_CASE("what is served, and as what") {
  for (const Row& row : kServed) {
    CAPTURE(row.method);
    CAPTURE(row.path);
    const auto endpoint = classify(row.method, row.path);
    REQUIRE(endpoint);
    CHECK(endpoint->kind == row.kind);
    CHECK(endpoint->id == row.id);
    CHECK(endpoint->needs_json_body() == (row.kind == create_response || row.kind == compact ||
                                          row.kind == input_tokens || row.kind == search));
  }
}

TEST_CASE("what is not, and the reason") {
  for (const Refusal& refusal : kRefused) {
    CAPTURE(refusal.method);
    CAPTURE(refusal.path);
    const auto endpoint = classify(refusal.method, refusal.path);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().status == refusal.status);
    CHECK(endpoint.error().code == code_of(refusal.status));
    CHECK(endpoint.error().allow == refusal.allow);
    const bool named = endpoint.error().message.find(refusal.path) != std::string::npos;
    CHECK(named == (refusal.status != 400));
  }
}

TEST_CASE("what is described of a kind is served as that kind, and each kind is told") {
  std::size_t kinds = 0;
  for (const EndpointKind kind : kEndpointKinds) {
    if (kind != response_subpath) CHECK_FALSE(described_paths(kind).empty());
    kinds |= std::size_t{1} << static_cast<std::size_t>(kind);
    for (const std::string_view described : described_paths(kind)) {
      const std::string path =
          std::regex_replace(std::string(described), std::regex("\\{\\w+\\}"), "a1");
      CAPTURE(path);
      const auto posted = classify("POST", path);
      const auto asked = classify("GET", path);
      REQUIRE((posted || asked));
      CHECK((posted ? *posted : *asked).kind == kind);
    }
  }
  CHECK(kinds == (std::size_t{1} << kEndpointKinds.size()) - 1);
}

TEST_CASE("an id points into the path") {
  const std::string path = "/v1/responses/resp_1/cancel";
  CHECK(classify("POST", path)->id.data() == path.data() + 14);
}

TEST_CASE("a path has one name, whether the version or a slash at the end is there or not") {
  struct {
    const char* path;
    const char* served;
    bool data_plane;
  } const rows[] = {
      {"/v1/responses", "/v1/responses", true},
      {"/v1/responses/", "/v1/responses", true},
      {"/responses", "/v1/responses", true},
      {"/responses/", "/v1/responses", true},
      {"/responses/resp_1/cancel", "/v1/responses/resp_1/cancel", true},
      {"/models", "/v1/models", true},
      {"/models/vendor/name", "/v1/models/vendor/name", true},
      {"/conversations/conv_1", "/v1/conversations/conv_1", true},
      {"/alpha/search", "/v1/alpha/search", true},
      {"/alpha", "/alpha", false},
      {"/v1/responses//", "/v1/responses/", true},
      {"/v1", "/v1", true},
      {"/v1/", "/v1", true},
      {"/v1/anything", "/v1/anything", true},
      {"/", "/", false},
      {"", "", false},
      {"/v1x", "/v1x", false},
      {"/responsesx", "/responsesx", false},
      {"/Responses", "/Responses", false},
      {"/admin/models/", "/admin/models/", false},
      {"//responses", "//responses", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(served_path(row.path) == row.served);
    CHECK(is_data_plane(row.path) == row.data_plane);
  }
}

}  // namespace responses_proxy
