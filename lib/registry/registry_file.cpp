#include "registry/registry_file.h"

#include <fmt/format.h>

#include <utility>

#include "core/file_stamp.h"
#include "core/json_object.h"
#include "registry/alias_json.h"
#include "registry/provider_json.h"
#include "registry/registry.h"

namespace responses_proxy {

namespace {

void add_problems(const std::string& place, const std::vector<FieldError>& errors,
                  const std::vector<std::string>& unknown, std::vector<std::string>& problems) {
  for (const FieldError& error : errors) {
    problems.push_back(fmt::format("{}.{}: {}", place, error.field, error.message));
  }
  // Nobody sees an answer with a warning here.
  for (const std::string& name : unknown) {
    problems.push_back(fmt::format("{}.{}: is not known", place, name));
  }
}

template <class T, class Read>
void read_list(const Json& document, const char* name, Read&& read,
               std::map<std::string, Registered<T>, std::less<>>& into, std::size_t most,
               std::vector<std::string>& problems) {
  const auto list = document.find(name);
  if (list == document.end()) return;
  if (!list->is_array() || list->size() > most) {
    problems.push_back(fmt::format("{}: must be a list of at most {}", name, most));
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = fmt::format("{}[{}]", name, i);
    if (!(*list)[i].is_object()) {
      problems.push_back(place + ": must be a JSON object");
      continue;
    }
    std::vector<FieldError> errors;
    std::vector<std::string> unknown;
    auto [id, value] = read((*list)[i], errors, unknown);
    add_problems(place, errors, unknown, problems);
    Registered<T> made;
    made.value = std::move(value);
    made.source = RegistrySource::file;
    if (!into.emplace(id, std::move(made)).second) {
      problems.push_back(fmt::format("{}: \"{}\" is there twice", place, id));
    }
  }
}

}  // namespace

RegistryFile parse_registry_file(std::string_view text, const ProviderRules& rules) {
  RegistryFile file;
  const auto parsed = parse_json_object(text);
  if (!parsed) {
    file.problems.push_back("it " + json_object_problem(text));
    return file;
  }
  const Json& document = *parsed;
  for (const auto& [name, value] : document.items()) {
    if (name == "providers" || name == "models" || name == "$schema") continue;
    file.problems.push_back(fmt::format("{}: is not known; it takes providers, models", name));
  }
  read_list<Provider>(
      document, "providers",
      [&](const Json& body, auto& errors, auto& unknown) {
        Provider provider = read_provider(body, nullptr, rules, errors, unknown);
        return std::pair(provider.id, std::move(provider));
      },
      file.contents.providers, kMaxProviders, file.problems);
  read_list<Alias>(
      document, "models",
      [&](const Json& body, auto& errors, auto& unknown) {
        Alias alias = read_alias(body, {}, errors, unknown);
        return std::pair(alias.alias, std::move(alias));
      },
      file.contents.aliases, kMaxAliases, file.problems);
  return file;
}

RegistryFile read_registry_file(const std::string& path, const ProviderRules& rules) {
  std::string problem;
  const auto text = read_file(path, Registry::kMaxFileBytes, problem);
  if (!text) return {{}, {"cannot be read: " + problem}};
  return parse_registry_file(*text, rules);
}

}  // namespace responses_proxy
