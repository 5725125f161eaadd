#include "registry/registry_editor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/utf8_text.h"
#include "registry/alias_json.h"
#include "registry/provider_json.h"
#include "registry/registry_rows.h"

namespace responses_proxy {

namespace {

using Edits = std::vector<RegistryEdit>;
using Planned = std::variant<Edits, Refusal>;

Error refused(int status, std::string code, std::string message) {
  return {status, "invalid_request_error", std::move(code), std::move(message), {}, {}};
}

template <class T>
const Registered<T>* find(const std::map<std::string, Registered<T>, std::less<>>& all,
                          std::string_view id) {
  const auto found = all.find(id);
  return found == all.end() ? nullptr : &found->second;
}

// 412, and 409 for what SQL does not have.
template <class T>
std::optional<Refusal> not_allowed(const Registered<T>* before, const Conditions& conditions,
                                   bool replaces) {
  const bool differs =
      conditions.revision && before != nullptr &&
      (before->revision != *conditions.revision || before->source == RegistrySource::file);
  const bool missing = before == nullptr && (conditions.exists || conditions.revision);
  if (differs || missing || (conditions.absent && before != nullptr)) {
    return Refusal{refused(412, "precondition_failed",
                           "The record is not the one that the condition names: read it again, and "
                           "make the change to that.")};
  }
  if (before == nullptr || replaces || before->source == RegistrySource::database) {
    return std::nullopt;
  }
  return Refusal{refused(409, "set_by_file",
                         "The record is set by PROXY_REGISTRY_FILE: change it there, or POST one "
                         "of that name, which comes before the file's.")};
}

// What has changed, by name: nothing of what it is.
template <class T>
std::string details_of(const T* before, const T& after) {
  Json fields = Json::array();
  const Json now = to_document(after);
  const Json then = before == nullptr ? Json::object() : to_document(*before);
  for (const auto& [name, value] : now.items()) {
    const auto old = then.find(name);
    if (old == then.end() || *old != value) fields.push_back(name == "keys" ? "api_keys" : name);
  }
  return dump({{"fields", std::move(fields)}});
}

// A PATCH changes one record, and its name is what it is found by.
std::optional<Refusal> renames(const Json& patch, const char* field, const std::string& name) {
  const auto given = patch.find(field);
  if (given == patch.end() || *given == name) return std::nullopt;
  return Refusal{Error::invalid_request(
      "invalid_parameter",
      fmt::format("{} must be the one in the path, or left out: a record keeps its name. POST it "
                  "under the new one, and delete this.",
                  field),
      field)};
}

template <class T>
RegistryEdit edit_of(const Registered<T>* before, T value, WallTime now) {
  const bool there = before != nullptr && before->source == RegistrySource::database;
  Registered<T> after;
  after.value = std::move(value);
  after.created_at = there ? before->created_at : now;
  after.updated_at = now;
  return {there ? RegistryAction::update : RegistryAction::create, row_of(after),
          details_of(there ? &before->value : nullptr, after.value)};
}

RegistryEdit removal_of(RegistryKind kind, std::string id) {
  RegistryEdit edit;
  edit.action = RegistryAction::remove;
  edit.row.kind = kind;
  edit.row.id = std::move(id);
  edit.details = "{}";
  return edit;
}

template <class T>
std::optional<Refusal> too_much(const std::map<std::string, Registered<T>, std::less<>>& all,
                                bool is_new, std::size_t most, const RegistryEdit& edit) {
  if (is_new && all.size() >= most) {
    return Refusal{refused(
        409, "registry_full",
        fmt::format("{} are registered already, which is the most there can be: delete what is "
                    "not used.",
                    most))};
  }
  if (edit.row.document.size() <= kMaxDocumentBytes) return std::nullopt;
  return Refusal{
      refused(413, "record_too_large",
              fmt::format("The record has {} bytes, and at most {} are kept: shorten its texts, "
                          "metadata and config.",
                          edit.row.document.size(), kMaxDocumentBytes))};
}

// What the reading of a body has to say.
struct Reading {
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;
};

Planned plan_provider(const RegistryContents& contents, const Registered<Provider>* before,
                      const Json& body, const Registry& registry, Reading& reading) {
  const ProviderRules rules = registry.provider_rules(&registry.box());
  Provider provider = read_provider(body, before == nullptr ? nullptr : &before->value, rules,
                                    reading.errors, reading.unknown);
  if (!reading.errors.empty()) return refused_fields(std::move(reading.errors));
  Edits edits{edit_of(before, std::move(provider), registry.clock().wall())};
  if (auto refusal =
          too_much(contents.providers, before == nullptr, kMaxProviders, edits.front())) {
    return *std::move(refusal);
  }
  return edits;
}

Planned plan_alias(const RegistryContents& contents, const Registered<Alias>* before,
                   const Json& body, const Registry& registry, Reading& reading) {
  Alias alias = read_alias(
      body, [&](std::string_view id) { return find(contents.providers, id) != nullptr; },
      reading.errors, reading.unknown);
  if (!reading.errors.empty()) return refused_fields(std::move(reading.errors));
  Edits edits{edit_of(before, std::move(alias), registry.clock().wall())};
  if (auto refusal = too_much(contents.aliases, before == nullptr, kMaxAliases, edits.front())) {
    return *std::move(refusal);
  }
  return edits;
}

std::string id_in(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool uses(const Alias& alias, std::string_view provider_id) {
  return std::any_of(alias.targets.begin(), alias.targets.end(),
                     [&](const AliasTarget& target) { return target.provider_id == provider_id; });
}

Alias without(Alias alias, std::string_view provider_id) {
  std::erase_if(alias.targets,
                [&](const AliasTarget& target) { return target.provider_id == provider_id; });
  return alias;
}

using Names = std::vector<std::string>;

// "a, b and 3 more"
std::string told(const Names& names) {
  constexpr std::size_t kTold = 5;
  const auto count = static_cast<std::ptrdiff_t>(std::min(names.size(), kTold));
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + count, ", "));
  if (names.size() > kTold) text += fmt::format(" and {} more", names.size() - kTold);
  return text;
}

Refusal in_use(const std::string& id, const Names& users, const Names& of_file) {
  std::string message = fmt::format(
      "The provider {} is used by the aliases {}. Change those first, or delete it "
      "with ?cascade=true: they lose it, and go with it if it is all they have.",
      id, told(users));
  if (!of_file.empty()) {
    message += fmt::format(
        " Those of PROXY_REGISTRY_FILE ({}) stay, and answer that it is not registered.",
        told(of_file));
  }
  return {refused(409, "provider_in_use", std::move(message))};
}

// The provider, and what happens to the aliases that use it.
Planned plan_removal(const RegistryContents& contents, const std::string& id, bool cascade,
                     WallTime now) {
  // That of the file takes its place.
  if (contents.providers.at(id).file_has_it) return Edits{removal_of(RegistryKind::provider, id)};
  Edits edits;
  Names users;
  Names of_file;
  for (const auto& [name, alias] : contents.aliases) {
    if (!uses(alias.value, id)) continue;
    users.push_back(name);
    if (alias.source == RegistrySource::file) {  // answers that the provider is gone
      of_file.push_back(name);
      continue;
    }
    Alias left = without(alias.value, id);
    edits.push_back(left.targets.empty() ? removal_of(RegistryKind::alias, name)
                                         : edit_of(&alias, std::move(left), now));
  }
  if (!users.empty() && !cascade) return in_use(id, users, of_file);
  edits.push_back(removal_of(RegistryKind::provider, id));
  return edits;
}

EditResult result_of(const std::optional<Refusal>& refusal, Saved saved) {
  if (refusal) return *refusal;
  return saved;
}

// Each key that another one has sealed, sealed anew; whether there was one.
bool seal_anew(Provider& provider, const SecretBox& box, std::vector<std::string>& problems) {
  bool changed = false;
  for (StoredKey& key : provider.keys) {
    if (box.is_current(key.sealed)) continue;
    const auto opened = box.open(key.sealed, provider.id);
    if (!opened.problem.empty()) {
      problems.push_back(fmt::format("provider {}: {}", provider.id, opened.problem));
      continue;
    }
    key.sealed = box.seal(opened.secret, provider.id);
    changed = true;
  }
  return changed;
}

}  // namespace

Refusal refused_fields(std::vector<FieldError> errors) {
  // Alone it is told in the words that people look for.
  if (errors.size() == 1 && errors.front().message == kNoEncryptionKey) {
    Error error = refused(400, "secret_encryption_key_missing", std::string(kNoEncryptionKey));
    error.param = errors.front().field;
    return {std::move(error), std::move(errors)};
  }
  std::string message;
  for (const FieldError& error : errors) {
    message += fmt::format("{}{}: {}", message.empty() ? "" : "; ", error.field, error.message);
  }
  Error error = refused(422, "validation_failed", std::move(message));
  error.param = errors.front().field;
  return {std::move(error), std::move(errors)};
}

Refusal not_registered(std::string_view kind, std::string_view id) {
  constexpr std::size_t kShown = 128;
  return {refused(404, fmt::format("{}_not_found", kind),
                  fmt::format("No {0} \"{1}\" is registered; GET /admin/{0}s lists those that are.",
                              kind, utf8_text(id, kShown)))};
}

EditResult RegistryEditor::put_provider(const Json& body, const Conditions& conditions,
                                        const std::string& actor) {
  Saved saved;
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.providers, id_in(body, "id"));
        if (auto refused_it = not_allowed(before, conditions, true)) return *std::move(refused_it);
        Reading reading;
        auto planned = plan_provider(contents, before, body, registry_, reading);
        saved = {before == nullptr, std::move(reading.unknown)};
        return planned;
      },
      actor);
  return result_of(refusal, std::move(saved));
}

EditResult RegistryEditor::put_alias(const Json& body, const Conditions& conditions,
                                     const std::string& actor) {
  Saved saved;
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.aliases, id_in(body, "alias"));
        if (auto refused_it = not_allowed(before, conditions, true)) return *std::move(refused_it);
        Reading reading;
        auto planned = plan_alias(contents, before, body, registry_, reading);
        saved = {before == nullptr, std::move(reading.unknown)};
        return planned;
      },
      actor);
  return result_of(refusal, std::move(saved));
}

EditResult RegistryEditor::patch_provider(const std::string& id, const Json& patch,
                                          const Conditions& conditions, const std::string& actor) {
  Saved saved;
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.providers, id);
        if (before == nullptr) return not_registered("provider", id);
        if (auto refused_it = not_allowed(before, conditions, false)) return *std::move(refused_it);
        if (auto refused_it = renames(patch, "id", id)) return *std::move(refused_it);
        Reading reading;
        auto planned = plan_provider(contents, before, patched_provider(before->value, patch),
                                     registry_, reading);
        saved.unknown = std::move(reading.unknown);
        return planned;
      },
      actor);
  return result_of(refusal, std::move(saved));
}

EditResult RegistryEditor::patch_alias(const std::string& alias, const Json& patch,
                                       const Conditions& conditions, const std::string& actor) {
  Saved saved;
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.aliases, alias);
        if (before == nullptr) return not_registered("model", alias);
        if (auto refused_it = not_allowed(before, conditions, false)) return *std::move(refused_it);
        if (auto refused_it = renames(patch, "alias", alias)) return *std::move(refused_it);
        Reading reading;
        auto planned =
            plan_alias(contents, before, patched_alias(before->value, patch), registry_, reading);
        saved.unknown = std::move(reading.unknown);
        return planned;
      },
      actor);
  return result_of(refusal, std::move(saved));
}

EditResult RegistryEditor::remove_provider(const std::string& id, bool cascade,
                                           const Conditions& conditions, const std::string& actor) {
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.providers, id);
        if (before == nullptr) return not_registered("provider", id);
        if (auto refused_it = not_allowed(before, conditions, false)) return *std::move(refused_it);
        return plan_removal(contents, id, cascade, registry_.clock().wall());
      },
      actor);
  return result_of(refusal, {});
}

EditResult RegistryEditor::remove_alias(const std::string& alias, const Conditions& conditions,
                                        const std::string& actor) {
  const auto refusal = registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        const auto* before = find(contents.aliases, alias);
        if (before == nullptr) return not_registered("model", alias);
        if (auto refused_it = not_allowed(before, conditions, false)) return *std::move(refused_it);
        return Edits{removal_of(RegistryKind::alias, alias)};
      },
      actor);
  return result_of(refusal, {});
}

std::size_t RegistryEditor::reencrypt(const std::string& actor,
                                      std::vector<std::string>& problems) {
  std::size_t count = 0;
  registry_.change(
      [&](const RegistryContents& contents) -> Planned {
        problems.clear();
        Edits edits;
        for (const auto& [id, provider] : contents.providers) {
          Provider fresh = provider.value;
          if (provider.source == RegistrySource::file) continue;
          if (!seal_anew(fresh, registry_.box(), problems)) continue;
          edits.push_back(edit_of(&provider, std::move(fresh), registry_.clock().wall()));
        }
        count = edits.size();
        return edits;
      },
      actor);
  return count;
}

}  // namespace responses_proxy
