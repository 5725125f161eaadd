#include <doctest/doctest.h>

#include <string>

#include "responses_proxy/dialect.h"
#include "responses_proxy/headers.h"

using namespace responses_proxy;

namespace {

// "name: value" of the field that holds the key.
std::string key_of(const Auth& auth, const char* config = "{}") {
  Resource resource;
  resource.wire_api = "anthropic_messages";
  resource.base_url = "http://u/v1";
  resource.credential = Secret("k");
  resource.auth = auth;
  resource.dialect_config = config;
  Headers headers;
  make_anthropic_messages_dialect()->authorize(headers, resource);
  std::string fields;
  for (const Header& field : headers) {
    fields += std::string(field.name) + ": " + std::string(field.value) + "\n";
  }
  return fields;
}

}  // namespace

TEST_CASE(
    "anthropic_messages: the key goes where the API looks for it, unless something else is said") {
  CHECK(key_of({}) == "x-api-key: k\n");
  // As the registry writes what nobody has said.
  CHECK(key_of({AuthKind::bearer, "authorization"}) == "x-api-key: k\n");
  CHECK(key_of({}, R"({"bearer":true})") == "Authorization: Bearer k\n");
  CHECK(key_of({AuthKind::header, "api-key"}) == "api-key: k\n");
  CHECK(key_of({AuthKind::none, {}}).empty());
}
