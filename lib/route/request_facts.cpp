#include "route/request_facts.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "core/json_reader.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string bounded(std::string_view text) {
  if (text.size() <= kMaxIdBytes) return std::string(text);
  std::size_t end = kMaxIdBytes;
  // Not in the middle of a UTF-8 character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

std::string first_header(const Headers& headers, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const std::string_view value = headers.get(name); !value.empty()) return bounded(value);
  }
  return {};
}

Error wrong_type(std::string_view param, std::string_view expected) {
  return Error::invalid_request("invalid_type",
                                fmt::format("Invalid type for '{}': expected {}.", param, expected),
                                std::string(param));
}

// Reads fields of one object; the first wrong type is kept as the error.
class FieldReader {
 public:
  FieldReader(object fields, std::string prefix) : fields_(fields), prefix_(std::move(prefix)) {}

  // The value, absent if the field is missing or null. Of duplicates the last counts, as it does
  // for the parsers of most upstreams.
  std::optional<element> find(std::string_view key) const {
    std::optional<element> found;
    for (const auto field : fields_) {
      if (field.key == key) found = field.value;
    }
    if (found && found->is_null()) found.reset();
    return found;
  }

  std::string text(std::string_view key) {
    const auto value = find(key);
    if (!value) return {};
    std::string_view text;
    if (value->get(text) != simdjson::SUCCESS) {
      fail(key, "a string");
      return {};
    }
    return std::string(text);
  }

  bool boolean(std::string_view key) {
    const auto value = find(key);
    bool flag = false;
    if (value && value->get(flag) != simdjson::SUCCESS) fail(key, "a boolean");
    return flag;
  }

  std::optional<FieldReader> child(std::string_view key) {
    const auto value = find(key);
    if (!value) return std::nullopt;
    object fields;
    if (value->get(fields) != simdjson::SUCCESS) {
      fail(key, "an object");
      return std::nullopt;
    }
    return FieldReader(fields, prefix_ + std::string(key) + ".");
  }

  void fail(std::string_view key, std::string_view expected) {
    if (!error_) error_ = wrong_type(prefix_ + std::string(key), expected);
  }
  void adopt_error(const FieldReader& other) {
    if (!error_) error_ = other.error_;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  object fields_;
  std::string prefix_;
  std::optional<Error> error_;
};

// A conversation is named by its id or by an object that has one.
std::string conversation_id(FieldReader& body) {
  const auto value = body.find("conversation");
  if (!value) return {};
  std::string_view id;
  if (value->get(id) == simdjson::SUCCESS) return std::string(id);
  if (value->is_object()) return std::string(string_at(*value, "id"));
  body.fail("conversation", "a string or an object");
  return {};
}

void read_metadata(FieldReader& body, RequestFacts& facts) {
  auto metadata = body.child("metadata");
  if (!metadata) return;
  if (facts.session_id.empty()) facts.session_id = bounded(metadata->text("session_id"));
  if (facts.session_name.empty()) facts.session_name = bounded(metadata->text("session_name"));
  if (facts.pool_id.empty()) {
    facts.pool_id = bounded(metadata->text("pool_id"));
    facts.pool_param = "metadata.pool_id";
  }
  body.adopt_error(*metadata);
}

// Not the proxy's field: whatever has another shape is the upstream's to judge.
void read_client_metadata(FieldReader& body, RequestFacts& facts) {
  const auto metadata = body.find("client_metadata");
  if (!metadata || !metadata->is_object()) return;
  for (const std::string_view key : {"session_id", "thread_id"}) {
    if (facts.session_id.empty()) facts.session_id = bounded(string_at(*metadata, key));
  }
}

void read_body(FieldReader& body, RequestFacts& facts) {
  facts.model = bounded(body.text("model"));
  facts.stream = body.boolean("stream");
  facts.previous_response_id = body.text("previous_response_id");
  if (facts.conversation_id.empty()) facts.conversation_id = conversation_id(body);
  read_metadata(body, facts);
  read_client_metadata(body, facts);
  const std::string cache_key = body.text("prompt_cache_key");
  if (facts.session_id.empty()) facts.session_id = bounded(cache_key);
}

void read_headers(const Headers& headers, RequestFacts& facts) {
  for (const std::string_view name : {"x-proxy-pool-id", "x-pool-id"}) {
    if (facts.pool_id.empty()) {
      facts.pool_id = bounded(headers.get(name));
      facts.pool_param = name;
    }
  }
  facts.session_id = first_header(headers, {"x-proxy-session-id", "session_id", "session-id",
                                            "x-session-id", "conversation_id"});
  facts.session_name = first_header(headers, {"x-proxy-session-name"});
}

Error not_json(const Request& request) {
  if (request.body.empty()) {
    return Error::invalid_request("empty_body", "The request has no body; send a JSON object.");
  }
  return Error::invalid_request("invalid_json", "The request body is not valid JSON.");
}

}  // namespace

const std::string& RequestFacts::response_key() const {
  if (!previous_response_id.empty()) return previous_response_id;
  return conversation_id.empty() ? path_response_id : conversation_id;
}

Result<RequestFacts> read_request_facts(const Request& request, const Endpoint& endpoint) {
  RequestFacts facts;
  if (endpoint.kind == EndpointKind::response) facts.path_response_id = endpoint.id;
  if (endpoint.kind == EndpointKind::conversations) facts.conversation_id = endpoint.id;
  read_headers(request.headers, facts);

  std::optional<Error> error;
  const bool is_json = read_json(request.body, [&](element root) {
    object fields;
    if (root.get(fields) != simdjson::SUCCESS) {
      error = Error::invalid_request("invalid_body", "The request body must be a JSON object.");
      return;
    }
    FieldReader body(fields, "");
    read_body(body, facts);
    error = body.error();
  });
  if (!endpoint.needs_json_body()) return facts;  // the upstream judges the rest
  if (!is_json) return not_json(request);
  if (error) return *error;
  return facts;
}

}  // namespace responses_proxy
