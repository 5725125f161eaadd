// Resource: one key or account at one endpoint.
//
// Role       Configuration, wherever that comes from; how it is doing is its ResourceState.
// Ownership  A plain value; never changes once a routing table holds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/export.h"
#include "responses_proxy/request.h"
#include "responses_proxy/secret.h"

namespace RP_PUBLIC responses_proxy {

// What ids, and names that nobody has given, of the resources of the environment's keys begin with.
inline constexpr std::string_view kOwnResource = "openai-";

// How a credential goes up.
enum class AuthKind : std::uint8_t {
  bearer,  // header `name`: Bearer KEY
  header,  // header `name`: KEY
  query,   // ?name=KEY
  none,
};
struct Auth {
  AuthKind kind = AuthKind::bearer;
  std::string name = "Authorization";
};

struct Resource {
  std::string id;           // stable, unique, free of secrets: lists, headers, records, live state
  std::string name;         // for people: pages, log lines, error texts; "" = the id
  std::string provider_id;  // who it belongs to; "environment" for keys from variables
  std::string pool_id;
  std::string base_url;                // "https://api.openai.com/v1", no trailing slash
  std::string wire_api = "responses";  // name of the Dialect
  Secret credential;
  double weight = 1.0;    // > 0; twice the weight, twice the share
  bool websocket = true;  // try WebSocket for the turns of WebSocket clients
  bool http2 = false;     // over HTTP/2, where the upstream offers it
  Auth auth = {};
  Headers headers = {};    // of every request, in place of the client's of the same name
  std::string query = {};  // the same for the URL: "api-version=2026-10-01", percent-encoded
  // Of health checks, relative to the base URL. "" = there are none; absent = as configured.
  std::optional<std::string> health_path = {};
  // What its Dialect is told about this provider: a JSON object. Members that a dialect does not
  // know mean nothing to it.
  std::string dialect_config = "{}";
  // Serves aliases, and requests for its pool where that has no other resources; not a model that
  // is no alias.
  bool registered = false;
};

}  // namespace responses_proxy
