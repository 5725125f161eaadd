#include "route/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/percent_decoded.h"
#include "core/request_path.h"

namespace responses_proxy {

namespace {

// The rest of `path` behind `prefix` if it is that path or one below it; without the slash.
std::optional<std::string_view> below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.empty()) return path;
  if (path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  return path;
}

std::string_view first_segment(std::string_view path) {
  return path.substr(0, path.find('/'));
}

Error method_not_allowed(std::string_view method, std::string_view path, std::string_view allowed) {
  Error error =
      Error::refused(405, "method_not_allowed",
                     fmt::format("{} is not a method of {}; it takes {}.", method, path, allowed));
  error.allow = allowed;
  return error;
}

Result<Endpoint> only_post(std::string_view method, std::string_view path, EndpointKind kind) {
  if (method != "POST") return method_not_allowed(method, path, "POST");
  return Endpoint{kind, {}};
}

Result<Endpoint> only_get(std::string_view method, std::string_view path, EndpointKind kind) {
  if (method != "GET" && method != "HEAD") return method_not_allowed(method, path, "GET, HEAD");
  return Endpoint{kind, {}};
}

// Forwarded whatever the method, but for those of proxies and debuggers: TRACE sends back what went
// up, the key included.
Result<Endpoint> any_method(std::string_view method, std::string_view path, Endpoint endpoint) {
  if (method == "TRACE" || method == "CONNECT") {
    return method_not_allowed(method, path, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  return endpoint;
}

Result<Endpoint> classify_responses(std::string_view method, std::string_view path,
                                    std::string_view rest) {
  if (rest.empty()) return only_post(method, path, EndpointKind::create_response);
  if (rest == "compact") return only_post(method, path, EndpointKind::compact);
  if (rest == "input_tokens") return only_post(method, path, EndpointKind::input_tokens);
  const std::string_view id = first_segment(rest);
  if (percent_decoded(id).value_or("").starts_with("resp_")) {
    return any_method(method, path, {EndpointKind::response, id});
  }
  // Other upstreams name their responses otherwise; the calls on one response are known, though.
  const std::string_view action = rest.substr(std::min(id.size() + 1, rest.size()));
  if (action.empty() || action == "cancel" || action == "input_items") {
    return any_method(method, path, {EndpointKind::response, id});
  }
  return any_method(method, path, {EndpointKind::response_subpath, {}});
}

Error unknown_path(std::string_view path) {
  return Error::refused(404, "unknown_path",
                        fmt::format("There is no {} here. The API is served under /v1/responses, "
                                    "/v1/conversations and /v1/models.",
                                    path));
}

constexpr std::string_view kVersion = "/v1";
constexpr std::string_view kSearchPath = "/v1/alpha/search";
constexpr std::string_view kVersioned[] = {"/responses", "/models", "/conversations",
                                           "/alpha/search"};

bool lacks_version(std::string_view path) {
  return std::any_of(std::begin(kVersioned), std::end(kVersioned),
                     [path](std::string_view part) { return below(path, part).has_value(); });
}

}  // namespace

bool is_data_plane(std::string_view path) {
  return below(path, kVersion).has_value() || lacks_version(path);
}

std::string served_path(std::string_view path) {
  if (!is_data_plane(path)) return std::string(path);
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::string(lacks_version(path) ? kVersion : "").append(path);
}

Result<Endpoint> classify(std::string_view method, std::string_view path) {
  if (auto problem = path_problem(path)) return std::move(*problem);
  // Some servers merge doubled slashes: the upstream could take the path for another one.
  if (path.find("//") != std::string_view::npos) return unknown_path(path);
  if (const auto rest = below(path, "/v1/responses")) {
    return classify_responses(method, path, *rest);
  }
  if (below(path, "/v1/models")) return only_get(method, path, EndpointKind::models);
  if (const auto rest = below(path, "/v1/conversations")) {
    return any_method(method, path, {EndpointKind::conversations, first_segment(*rest)});
  }
  if (path == kSearchPath) return only_post(method, path, EndpointKind::search);
  return unknown_path(path);
}

std::span<const std::string_view> described_paths(EndpointKind kind) {
  static constexpr std::string_view kCreate[] = {"/v1/responses"};
  static constexpr std::string_view kCompact[] = {"/v1/responses/compact"};
  static constexpr std::string_view kInputTokens[] = {"/v1/responses/input_tokens"};
  static constexpr std::string_view kResponse[] = {"/v1/responses/{response_id}",
                                                   "/v1/responses/{response_id}/cancel",
                                                   "/v1/responses/{response_id}/input_items"};
  static constexpr std::string_view kModels[] = {"/v1/models", "/v1/models/{model}"};
  static constexpr std::string_view kConversations[] = {
      "/v1/conversations", "/v1/conversations/{conversation_id}",
      "/v1/conversations/{conversation_id}/items",
      "/v1/conversations/{conversation_id}/items/{item_id}"};
  static constexpr std::string_view kSearch[] = {kSearchPath};
  switch (kind) {
    case EndpointKind::create_response:
      return kCreate;
    case EndpointKind::compact:
      return kCompact;
    case EndpointKind::input_tokens:
      return kInputTokens;
    case EndpointKind::response:
      return kResponse;
    case EndpointKind::models:
      return kModels;
    case EndpointKind::conversations:
      return kConversations;
    case EndpointKind::search:
      return kSearch;
    case EndpointKind::response_subpath:
      break;
  }
  return {};
}

}  // namespace responses_proxy
