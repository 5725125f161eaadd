#include "registry/alias_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config_values/value_parser.h"
#include "registry/provider_checks.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxAlias = 128;
constexpr std::size_t kMaxModel = 256;
constexpr std::uint32_t kMaxPriority = 1'000;

// It stands in paths: /admin/models/{alias}, /v1/models/{alias}.
std::string alias_problem(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kMaxAlias &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') ||
                             std::string_view("._:/-@+").find(c) != std::string_view::npos;
                    });
  if (!fits) return "must be 1 to 128 characters of A-Z, a-z, 0-9 and . _ : / - @ +";
  return config::is_in_paths(text) ? "" : "must have no empty part, . or .. between /";
}

std::string model_problem(std::string_view text) {
  if (config::is_token(text) && text.size() <= kMaxModel) return {};
  return fmt::format("must be 1 to {} printable ASCII characters without blanks and commas",
                     kMaxModel);
}

using HasProvider = std::function<bool(std::string_view)>;

FieldReader::Check provider_check(const HasProvider& has_provider) {
  return [&has_provider](std::string_view id) {
    if (!has_provider || has_provider(id)) return std::string();
    return std::string("names a provider that is not registered");
  };
}

AliasTarget read_target(FieldReader& reader, const HasProvider& has_provider) {
  AliasTarget target;
  reader.required_text("provider_id", target.provider_id, provider_check(has_provider));
  reader.required_text("upstream_id", target.upstream_id, model_problem);
  reader.weight("weight", target.weight);
  reader.count("priority", target.priority, kMaxPriority);
  return target;
}

void read_list(FieldReader& reader, const Json& list, const HasProvider& has_provider,
               std::vector<FieldError>& errors, std::vector<std::string>& unknown, Alias& alias) {
  if (!list.is_array() || list.empty() || list.size() > kMaxTargets) {
    return reader.fail("targets", fmt::format("must be a list of 1 to {} targets", kMaxTargets));
  }
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string path = fmt::format("targets[{}]", i);
    if (!list[i].is_object()) {
      reader.fail(path, "must be a JSON object");
      continue;
    }
    FieldReader of_target(list[i], errors, path + ".");
    AliasTarget target = read_target(of_target, has_provider);
    if (!seen.emplace(target.provider_id, target.upstream_id).second) {
      reader.fail(path, "is there twice: give one of them more weight");
    }
    alias.targets.push_back(std::move(target));
    for (std::string& name : of_target.unknown()) unknown.push_back(std::move(name));
  }
}

// One provider and one model, or a list of both. Either may be told again beside the list, as
// answers do.
void read_targets(FieldReader& reader, const HasProvider& has_provider,
                  std::vector<FieldError>& errors, std::vector<std::string>& unknown,
                  Alias& alias) {
  std::string provider_id;
  std::string upstream_id;
  if (const Json* list = reader.find("targets")) {
    read_list(reader, *list, has_provider, errors, unknown, alias);
    reader.text("provider_id", provider_id);
    reader.text("upstream_id", upstream_id);
    if (alias.targets.empty()) return;
    const AliasTarget& first = alias.targets.front();
    if (first.provider_id.empty() || first.upstream_id.empty()) return;  // told already
    const bool differs = (!provider_id.empty() && provider_id != first.provider_id) ||
                         (!upstream_id.empty() && upstream_id != first.upstream_id);
    if (differs) reader.fail("targets", "has another first target than provider_id, upstream_id");
    return;
  }
  // The route of an alias may name the model alone.
  const auto route_model = alias.route.find("model");
  if (!reader.has("upstream_id") && route_model != alias.route.end() && route_model->is_string()) {
    upstream_id = route_model->get<std::string>();
  } else {
    reader.required_text("upstream_id", upstream_id, model_problem);
  }
  reader.required_text("provider_id", provider_id, provider_check(has_provider));
  alias.targets.push_back({std::move(provider_id), std::move(upstream_id)});
}

Alias read(const Json& body, const HasProvider& has_provider, std::vector<FieldError>& errors,
           std::vector<std::string>& unknown) {
  Alias alias;
  FieldReader reader(body, errors);
  reader.required_text("alias", alias.alias, alias_problem);
  if (!reader.text("display_name", alias.display_name, label_problem)) {
    alias.display_name = alias.alias;
  }
  reader.text("kind", alias.kind, one_of({"model", "agent", "compound_agent"}));
  reader.object("route", alias.route);
  reader.object("capabilities", alias.capabilities);
  reader.flag("enabled", alias.enabled);
  reader.object("metadata", alias.metadata);
  unknown.clear();
  read_targets(reader, has_provider, errors, unknown, alias);
  for (std::string& name : reader.unknown()) unknown.push_back(std::move(name));
  return alias;
}

}  // namespace

Alias read_alias(const Json& body, const HasProvider& has_provider, std::vector<FieldError>& errors,
                 std::vector<std::string>& unknown) {
  return read(body, has_provider, errors, unknown);
}

Json patched_alias(const Alias& before, const Json& patch) {
  Json body = to_document(before);
  const bool names_first = patch.contains("provider_id") || patch.contains("upstream_id");
  if (patch.contains("targets")) {
    body.erase("provider_id");
    body.erase("upstream_id");
  } else if (names_first) {
    body.erase("targets");
  }
  body.merge_patch(patch);
  body["alias"] = before.alias;
  return body;
}

Json to_document(const Alias& alias) {
  Json targets = Json::array();
  for (const AliasTarget& target : alias.targets) {
    targets.push_back({{"provider_id", target.provider_id},
                       {"upstream_id", target.upstream_id},
                       {"weight", target.weight},
                       {"priority", target.priority}});
  }
  const AliasTarget none;
  const AliasTarget& first = alias.targets.empty() ? none : alias.targets.front();
  return {{"alias", alias.alias},
          {"display_name", alias.display_name},
          {"kind", alias.kind},
          {"provider_id", first.provider_id},
          {"upstream_id", first.upstream_id},
          {"targets", std::move(targets)},
          {"route", alias.route},
          {"capabilities", alias.capabilities},
          {"enabled", alias.enabled},
          {"metadata", alias.metadata}};
}

Alias alias_of_document(const Json& document) {
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;
  return read(document, {}, errors, unknown);
}

}  // namespace responses_proxy
