#include "route/endpoint.h"

#include <fmt/format.h>

#include <optional>

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
  Error error = Error::invalid_request(
      "method_not_allowed",
      fmt::format("{} is not a method of {}; it takes {}.", method, path, allowed));
  error.status = 405;
  return error;
}

Result<Endpoint> only(std::string_view method, std::string_view path, std::string_view allowed,
                      Endpoint endpoint) {
  if (method != allowed) return method_not_allowed(method, path, allowed);
  return endpoint;
}

Result<Endpoint> classify_responses(std::string_view method, std::string_view path,
                                    std::string_view rest) {
  if (rest.empty()) return only(method, path, "POST", {EndpointKind::create_response, {}});
  if (rest == "compact") return only(method, path, "POST", {EndpointKind::compact, {}});
  if (rest == "input_tokens") return only(method, path, "POST", {EndpointKind::input_tokens, {}});
  const std::string_view id = first_segment(rest);
  if (id.starts_with("resp_")) return Endpoint{EndpointKind::response, id};
  // Other upstreams name their responses otherwise; the calls on one response are known, though.
  const std::string_view action = rest.substr(std::min(id.size() + 1, rest.size()));
  if (action.empty() || action == "cancel" || action == "input_items") {
    return Endpoint{EndpointKind::response, id};
  }
  return Endpoint{EndpointKind::response_subpath, {}};
}

}  // namespace

Result<Endpoint> classify(std::string_view method, std::string_view path) {
  if (const auto rest = below(path, "/v1/responses")) {
    return classify_responses(method, path, *rest);
  }
  if (const auto rest = below(path, "/v1/models")) {
    return only(method, path, "GET", {EndpointKind::models, {}});
  }
  if (const auto rest = below(path, "/v1/conversations")) {
    return Endpoint{EndpointKind::conversations, first_segment(*rest)};
  }
  Error error = Error::invalid_request(
      "unknown_path", fmt::format("There is no {} here. The API is served under /v1/responses, "
                                  "/v1/conversations and /v1/models.",
                                  path));
  error.status = 404;
  return error;
}

}  // namespace responses_proxy
