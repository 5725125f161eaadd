#include "codex/catalog_base.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/file_stamp.h"
#include "core/json_object.h"

namespace responses_proxy {

namespace {

// Of Codex 0.171; it knows others in other versions, and most of them begin like these.
constexpr std::array<std::string_view, 14> kCodexModels{"gpt-6.2-sol",
                                                        "gpt-6.2-astra",
                                                        "gpt-6.1-terra",
                                                        "gpt-6.1-sol",
                                                        "gpt-6-astra",
                                                        "gpt-6-sol",
                                                        "gpt-6-luna",
                                                        "gpt-5.6-sol",
                                                        "gpt-5.6-luna",
                                                        "gpt-5.6-terra",
                                                        "gpt-5.5",
                                                        "gpt-daybreak-blue-latest",
                                                        "gpt-daybreak-red-latest",
                                                        "codex-auto-review"};

using Type = Json::value_t;

struct Required {
  const char* name;
  Type type;
};
constexpr std::array<Required, 9> kRequired{{{"slug", Type::string},
                                             {"display_name", Type::string},
                                             {"supported_reasoning_levels", Type::array},
                                             {"shell_type", Type::string},
                                             {"visibility", Type::string},
                                             {"supported_in_api", Type::boolean},
                                             {"support_verbosity", Type::boolean},
                                             {"truncation_policy", Type::object},
                                             {"experimental_supported_tools", Type::array}}};

bool has_instructions(const Json& entry) {
  const auto own = entry.find("base_instructions");
  if (own != entry.end() && own->is_string()) return true;
  const auto messages = entry.find("model_messages");
  return messages != entry.end() && messages->is_object() &&
         messages->contains("instructions_template");
}

// What Codex would not take; the field's name, "" = nothing.
std::string missing_in(const Json& entry) {
  for (const Required& required : kRequired) {
    const auto found = entry.find(required.name);
    if (found == entry.end() || found->type() != required.type) return required.name;
  }
  const auto priority = entry.find("priority");
  if (priority == entry.end() || !priority->is_number_integer()) return "priority";
  if (entry["slug"].get_ref<const std::string&>().empty()) return "slug";
  return has_instructions(entry) ? "" : "base_instructions";
}

std::string_view longest_prefix(std::string_view name) {
  std::string_view longest;
  for (const std::string_view slug : kCodexModels) {
    if (name.starts_with(slug) && slug.size() > longest.size()) longest = slug;
  }
  return longest;
}

}  // namespace

const CatalogEntry* CatalogBase::find(std::string_view slug) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const CatalogEntry& entry) { return entry.slug == slug; });
  return found == entries.end() ? nullptr : &*found;
}

CatalogBase parse_catalog(const std::string& text, std::string& problem) {
  auto file = parse_json_object(text);
  if (!file) {
    problem = json_object_problem(text);
    return {};
  }
  const auto models = file->find("models");
  if (models == file->end() || !models->is_array()) {
    problem = "is no catalog: a JSON object with a list of \"models\"";
    return {};
  }
  CatalogBase base;
  for (Json& model : *models) {
    const std::size_t position = base.entries.size();
    const std::string missing = model.is_object() ? missing_in(model) : "slug";
    if (!missing.empty()) {
      problem = fmt::format("models[{}] has no {} that Codex takes", position, missing);
      return {};
    }
    std::string slug = model["slug"].get<std::string>();
    if (base.find(slug) != nullptr) {
      problem = fmt::format("has the model {} twice", slug);
      return {};
    }
    std::string written = dump(model);
    base.entries.push_back({std::move(slug), std::move(model), std::move(written)});
  }
  return base;
}

CatalogBase read_catalog(const std::string& path, std::string& problem) {
  if (path.empty()) return {};
  const auto text = read_file(path, CatalogBase::kMaxBytes, problem);
  return text ? parse_catalog(*text, problem) : CatalogBase();
}

std::string_view codex_model_in(std::string_view name) {
  const std::string_view longest = longest_prefix(name);
  const std::size_t slash = name.find('/');
  if (!longest.empty() || slash == std::string_view::npos) return longest;
  return longest_prefix(name.substr(slash + 1));
}

std::string name_warning(std::string_view name) {
  const std::string_view model = codex_model_in(name);
  if (model.empty()) return {};
  return fmt::format(
      "Codex takes \"{}\" for its own {} while it does not have this proxy's catalog; choose a "
      "name "
      "that does not begin like that, also behind its first slash",
      name, model);
}

}  // namespace responses_proxy
