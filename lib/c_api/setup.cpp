#include "c_api/setup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "config_values/field_reader.h"
#include "config_values/url.h"
#include "config_values/value_parser.h"
#include "core/json_object.h"
#include "core/percent_encoded.h"

namespace responses_proxy::c_api {

namespace {

constexpr std::uint32_t kMaxMillis = 86'400'000;
constexpr std::uint32_t kMaxPriority = 1'000;

// Collects what is wrong in a document, and says it all at once.
class Document {
 public:
  explicit Document(std::string_view text) {
    auto parsed = parse_json_object(text);
    if (!parsed) throw Invalid("the setup " + json_object_problem(text));
    root_ = std::move(*parsed);
  }

  const Json& root() const { return root_; }
  FieldReader reader(const Json& object, std::string path = {}) {
    return {object, errors_, std::move(path)};
  }
  void refuse_unknown(const FieldReader& reader) {
    for (std::string& name : reader.unknown()) errors_.push_back({std::move(name), "is not known"});
  }
  // Calls read(object, path) with each object of the list at `name`.
  template <class Read>
  void each(FieldReader& reader, const char* name, Read&& read) {
    const Json* list = reader.find(name);
    if (list == nullptr) return;
    if (!list->is_array()) return reader.fail(name, "must be a list");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string path = fmt::format("{}[{}]", name, i);
      if ((*list)[i].is_object()) {
        read((*list)[i], reader.path_of(path) + ".");
      } else {
        reader.fail(path, "must be a JSON object");
      }
    }
  }
  void throw_problems() const {
    if (errors_.empty()) return;
    std::vector<std::string> told;
    for (const FieldError& error : errors_) told.push_back(error.field + " " + error.message);
    throw Invalid(fmt::format("{}", fmt::join(told, "; ")));
  }

 private:
  Json root_;
  std::vector<FieldError> errors_;
};

std::string id_problem(std::string_view text) {
  if (config::is_identifier(text)) return {};
  return "must be 1 to 128 characters of A-Z, a-z, 0-9 and . _ : / -";
}

std::string token_problem(std::string_view text) {
  if (config::is_token(text)) return {};
  return "must be 1 to 4096 printable ASCII characters without blanks and commas";
}

void read_millis(FieldReader& reader, const char* name, Millis& value) {
  std::uint32_t count = 0;
  if (reader.count(name, count, kMaxMillis)) value = Millis(count);
}

void read_auth(FieldReader& reader, Resource& resource) {
  std::string type = "bearer";
  reader.text("auth_type", type, one_of({"bearer", "api_key", "query", "none"}));
  if (type == "api_key") resource.auth = {AuthKind::header, "x-api-key"};
  if (type == "query") resource.auth = {AuthKind::query, "key"};
  if (type == "none") resource.auth = {AuthKind::none, {}};
  reader.text("auth_header", resource.auth.name, token_problem);
}

// Members of an object that are all texts.
template <class Add>
void read_texts(FieldReader& reader, const char* name, Add&& add) {
  Json object = Json::object();
  if (!reader.object(name, object)) return;
  for (const auto& [key, value] : object.items()) {
    const auto* text = value.template get_ptr<const std::string*>();
    const bool fits =
        config::is_token(key) && text != nullptr && !config::has_control_character(*text);
    if (!fits) {
      reader.fail(fmt::format("{}.{}", name, key), "must be a text without control characters");
      continue;
    }
    add(key, *text);
  }
}

Resource read_resource(Document& document, const Json& object, const std::string& path) {
  Resource resource;
  FieldReader reader = document.reader(object, path);
  reader.required_text("id", resource.id, id_problem);
  reader.text("name", resource.name);
  reader.text("provider_id", resource.provider_id, id_problem);
  reader.text("pool_id", resource.pool_id, id_problem);
  reader.required_text("base_url", resource.base_url,
                       [](std::string_view url) { return config::base_url_problem(url); });
  while (resource.base_url.ends_with('/')) resource.base_url.pop_back();
  reader.text("wire_api", resource.wire_api, id_problem);
  std::string key;
  if (reader.text("api_key", key, token_problem)) resource.credential = Secret(std::move(key));
  reader.weight("weight", resource.weight);
  read_auth(reader, resource);
  read_texts(reader, "headers", [&](const std::string& name, const std::string& value) {
    resource.headers.set(name, value);
  });
  read_texts(reader, "query", [&](const std::string& name, const std::string& value) {
    if (!resource.query.empty()) resource.query += '&';
    resource.query += percent_encoded(name) + '=' + percent_encoded(value);
  });
  Json config = Json::object();
  if (reader.object("config", config)) resource.dialect_config = dump(config);
  document.refuse_unknown(reader);
  return resource;
}

void read_ids(FieldReader& reader, const char* name, std::vector<std::string>& ids) {
  const Json* list = reader.find(name);
  if (list == nullptr) return;
  const bool texts = list->is_array() && std::all_of(list->begin(), list->end(),
                                                     [](const Json& id) { return id.is_string(); });
  if (!texts) return reader.fail(name, "must be a list of texts");
  ids = list->get<std::vector<std::string>>();
}

TargetRule read_target(Document& document, const Json& object, const std::string& path) {
  TargetRule rule;
  FieldReader reader = document.reader(object, path);
  read_ids(reader, "resource_ids", rule.resource_ids);
  reader.text("pool_id", rule.pool_id, id_problem);
  reader.text("provider_id", rule.provider_id, id_problem);
  reader.text("model", rule.model, token_problem);
  reader.weight("weight", rule.weight);
  reader.count("priority", rule.priority, kMaxPriority);
  Json capabilities = Json::object();
  if (reader.object("capabilities", capabilities)) rule.capabilities = dump(capabilities);
  document.refuse_unknown(reader);
  return rule;
}

ModelAlias read_alias(Document& document, const Json& object, const std::string& path) {
  ModelAlias alias;
  FieldReader reader = document.reader(object, path);
  reader.required_text("name", alias.name, token_problem);
  document.each(reader, "targets", [&](const Json& target, const std::string& of_target) {
    alias.targets.push_back(read_target(document, target, of_target));
  });
  if (alias.targets.empty()) reader.fail("targets", "must have at least one target");
  document.refuse_unknown(reader);
  return alias;
}

void read_options(FieldReader& reader, Setup& setup) {
  std::string policy(kBalancingPolicies.front());
  reader.text("policy", policy, one_of({kBalancingPolicies.begin(), kBalancingPolicies.end()}));
  setup.balancing.policy = make_balancing_policy(policy);
  read_millis(reader, "recheck_ms", setup.balancing.recheck);
  read_millis(reader, "slow_start_ms", setup.balancing.slow_start);
  read_millis(reader, "cooldown_ms", setup.verdicts.cooldown);
  read_millis(reader, "max_retry_after_ms", setup.verdicts.max_retry_after);
}

void refuse_twice(FieldReader& reader, const std::vector<Resource>& resources) {
  std::set<std::string_view> seen;
  for (const Resource& resource : resources) {
    if (!seen.insert(resource.id).second) {
      reader.fail("resources", fmt::format("has {} twice", resource.id));
    }
  }
}

}  // namespace

Setup read_setup(std::string_view json) {
  Document document(json);
  Setup setup;
  FieldReader reader = document.reader(document.root());
  document.each(reader, "resources", [&](const Json& object, const std::string& path) {
    setup.resources.push_back(read_resource(document, object, path));
  });
  refuse_twice(reader, setup.resources);
  document.each(reader, "aliases", [&](const Json& object, const std::string& path) {
    setup.aliases.push_back(read_alias(document, object, path));
  });
  read_options(reader, setup);
  document.refuse_unknown(reader);
  document.throw_problems();
  return setup;
}

}  // namespace responses_proxy::c_api
