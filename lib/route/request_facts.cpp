#include "route/request_facts.h"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <optional>
#include <span>
#include <utility>

#include "core/json_fields.h"
#include "core/json_reader.h"
#include "core/percent_decoded.h"

namespace responses_proxy {

namespace {

// What their ids are is known when this is compiled.
constexpr FieldName kPoolFields[] = {"x-proxy-pool-id", "x-pool-id"};
constexpr FieldName kSessionFields[] = {"x-proxy-session-id", "session_id", "session-id",
                                        "x-session-id", "conversation_id"};

std::string_view first_header(const Headers& headers, std::span<const FieldName> names) {
  for (const FieldName& name : names) {
    if (const std::string_view value = headers.get(name); !value.empty()) return value;
  }
  return {};
}

Error wrong_type(std::string_view param, std::string_view expected) {
  return Error::invalid_request("invalid_type",
                                fmt::format("Invalid type for '{}': expected {}.", param, expected),
                                std::string(param));
}

// The items of the input that only name a stored one: by their type, or as an id and nothing else
// (the type may be left out).
class ItemReferences final : public JsonElements {
 public:
  std::array<JsonField, 3> fields{{{"type"}, {"id"}, {"role"}}};

  void restart() override { ids_.clear(); }
  void take() override {
    const auto& [type, id, role] = fields;
    const bool untyped = type.kind == JsonField::Kind::none && role.kind == JsonField::Kind::none;
    if (type.text != "item_reference" && !untyped) return;
    if (id.text.empty() || id.text.size() > kMaxKeyBytes) return;
    ids_.push_front(id.text);
    if (ids_.size() > kMaxItemReferences) ids_.pop_back();
  }
  std::vector<std::string> ids() const { return {ids_.begin(), ids_.end()}; }

 private:
  std::deque<std::string> ids_;  // the last one first
};

struct Body {
  JsonOutcome outcome = JsonOutcome::not_json;
  bool empty = true;
  ItemReferences references;
  std::array<JsonField, 1> cache_options{{{"comparison_response_id"}}};
  std::array<JsonField, 1> conversation{{{"id"}}};
  std::array<JsonField, 3> metadata{{{"session_id"}, {"session_name"}, {"pool_id"}}};
  std::array<JsonField, 2> client_metadata{{{"session_id"}, {"thread_id"}}};
  std::array<JsonField, 12> fields{{{"model"},
                                    {"stream"},
                                    {"previous_response_id"},
                                    {"conversation", conversation},
                                    {"metadata", metadata},
                                    {"client_metadata", client_metadata},
                                    {"prompt_cache_key"},
                                    {"prompt_cache_options", cache_options},
                                    {"input", references.fields, &references},
                                    {"store"},
                                    {"background"},
                                    {"id"}}};
};

// Takes values in; the first wrong type is kept as the error.
class FieldReader {
 public:
  std::string text(const JsonField& field, std::string_view prefix = {}) {
    if (field.kind == Kind::text) return field.text;
    if (field.kind != Kind::none) fail(field, prefix, "a string");
    return {};
  }
  bool boolean(const JsonField& field) {
    if (field.kind == Kind::boolean) return field.flag;
    if (field.kind != Kind::none) fail(field, {}, "a boolean");
    return false;
  }
  bool object(const JsonField& field) {
    if (field.kind == Kind::object) return true;
    if (field.kind != Kind::none) fail(field, {}, "an object");
    return false;
  }
  // A conversation is named by its id or by an object that has one.
  std::string conversation_id(const JsonField& field) {
    if (field.kind == Kind::object) return field.children[0].text;
    if (field.kind == Kind::text) return field.text;
    if (field.kind != Kind::none) fail(field, {}, "a string or an object");
    return {};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  using Kind = JsonField::Kind;
  void fail(const JsonField& field, std::string_view prefix, std::string_view expected) {
    if (!error_) error_ = wrong_type(std::string(prefix).append(field.key), expected);
  }
  std::optional<Error> error_;
};

void read_metadata(const Body& body, FieldReader& reader, RequestFacts& facts) {
  constexpr std::string_view kPrefix = "metadata.";
  const auto& [session_id, session_name, pool_id] = body.metadata;
  if (facts.session_id.empty()) facts.session_id = bounded_id(reader.text(session_id, kPrefix));
  if (facts.session_name.empty()) {
    facts.session_name = bounded_label(reader.text(session_name, kPrefix));
  }
  if (facts.pool_id.empty()) {
    facts.pool_id = bounded_id(reader.text(pool_id, kPrefix));
    facts.pool_param = "metadata.pool_id";
  }
}

std::optional<Error> read_body(const Body& body, EndpointKind kind, RequestFacts& facts) {
  const auto& [model, stream, previous, conversation, metadata, client_metadata, cache_key,
               cache_options, input, store, background, search_id] = body.fields;
  FieldReader reader;
  facts.model = bounded_id(reader.text(model));
  facts.stream = reader.boolean(stream);
  facts.previous_response_id = reader.text(previous);
  if (facts.conversation_id.empty()) {
    facts.conversation_id = reader.conversation_id(conversation);
  }
  if (reader.object(metadata)) read_metadata(body, reader, facts);
  // Not the proxy's field: whatever has another shape is the upstream's to judge.
  for (const JsonField& id : client_metadata.children) {
    const bool given = client_metadata.kind == JsonField::Kind::object;
    if (given && facts.session_id.empty()) facts.session_id = bounded_id(id.text);
  }
  const std::string key = reader.text(cache_key);
  if (facts.session_id.empty()) facts.session_id = bounded_id(key);
  // A search says its session in its own id, and nowhere else.
  const bool searches = kind == EndpointKind::search;
  if (searches && facts.session_id.empty()) facts.session_id = bounded_id(search_id.text);
  if (input.kind != JsonField::Kind::none) facts.item_references = body.references.ids();
  if (cache_options.kind == JsonField::Kind::object) {
    facts.comparison_response_id = body.cache_options[0].text;
  }
  facts.stored = store.kind != JsonField::Kind::boolean || store.flag;
  facts.background = background.kind == JsonField::Kind::boolean && background.flag;
  return reader.error();
}

void read_headers(const Headers& headers, RequestFacts& facts) {
  for (const FieldName& name : kPoolFields) {
    if (facts.pool_id.empty()) {
      facts.pool_id = bounded_id(headers.get(name));
      facts.pool_param = name.text();
    }
  }
  facts.session_id = bounded_id(first_header(headers, kSessionFields));
  facts.session_name = bounded_label(headers.get("x-proxy-session-name"));
}

Error not_json(bool empty) {
  if (empty) {
    return Error::invalid_request("empty_body", "The request has no body; send a JSON object.");
  }
  return Error::invalid_request("invalid_json", "The request body is not valid JSON.");
}

// An id is a key of the live state and of the records: cutting it would make it another one.
std::optional<Error> id_too_long(const RequestFacts& facts, const Endpoint& endpoint) {
  const bool in_path = !endpoint.id.empty();
  struct {
    std::string_view param;
    const std::string& id;
  } const ids[] = {{"previous_response_id", facts.previous_response_id},
                   {in_path ? "conversation_id" : "conversation", facts.conversation_id},
                   {"response_id", facts.path_response_id}};
  for (const auto& [param, id] : ids) {
    if (id.size() <= kMaxKeyBytes) continue;
    return Error::invalid_request(
        "id_too_long",
        fmt::format("'{}' has {} bytes; an id has at most {}.", param, id.size(), kMaxKeyBytes),
        std::string(param));
  }
  return std::nullopt;
}

}  // namespace

const std::string& RequestFacts::response_key() const {
  if (!previous_response_id.empty()) return previous_response_id;
  return conversation_id.empty() ? path_response_id : conversation_id;
}

struct BodyFields::Fields : Body {};

BodyFields::BodyFields() : fields_(std::make_unique<Fields>()) {}
BodyFields::~BodyFields() = default;
BodyFields::BodyFields(BodyFields&&) noexcept = default;
BodyFields& BodyFields::operator=(BodyFields&&) noexcept = default;

void BodyFields::read(std::string_view body) {
  fields_->empty = body.empty();
  fields_->outcome = read_json_fields(body, fields_->fields);
}

bool BodyFields::read(std::string_view body, JsonMembers& members) {
  fields_->empty = body.empty();
  fields_->outcome = read_json_fields(body, fields_->fields, members);
  if (fields_->outcome == JsonOutcome::read) return true;
  // A value that cannot be read is no reason why the others should not stand where they do.
  auto all = read_members(body);
  if (all) members = std::move(*all);
  return all.has_value();
}

Result<RequestFacts> read_request_facts(const Headers& headers, const Endpoint& endpoint,
                                        const BodyFields& given) {
  RequestFacts facts;
  const std::string id = percent_decoded(endpoint.id).value_or(std::string(endpoint.id));
  if (endpoint.kind == EndpointKind::response) facts.path_response_id = id;
  if (endpoint.kind == EndpointKind::conversations) facts.conversation_id = id;
  read_headers(headers, facts);

  const Body& body = *given.fields_;
  std::optional<Error> error;
  if (body.outcome == JsonOutcome::read) error = read_body(body, endpoint.kind, facts);
  if (auto too_long = id_too_long(facts, endpoint)) return *too_long;
  if (!endpoint.needs_json_body()) return facts;  // the upstream judges the rest
  if (body.outcome == JsonOutcome::not_json) return not_json(body.empty);
  if (body.outcome == JsonOutcome::not_an_object) {
    return Error::invalid_request("invalid_body", "The request body must be a JSON object.");
  }
  if (error) return *error;
  return facts;
}

Result<RequestFacts> read_request_facts(const Request& request, const Endpoint& endpoint) {
  // Not shared state: kept from one request to the next, with the memory of their texts; those of a
  // large body go with it.
  static thread_local BodyFields thread_fields;
  std::optional<BodyFields> own_fields;
  BodyFields& body = request.body.size() <= kKeptBytes ? thread_fields : own_fields.emplace();
  body.read(request.body);
  return read_request_facts(request.headers, endpoint, body);
}

Error previous_response_not_found(std::string_view id) {
  return Error::invalid_request("previous_response_not_found",
                                fmt::format("Previous response with id '{}' not found.", id),
                                "previous_response_id");
}

}  // namespace responses_proxy
