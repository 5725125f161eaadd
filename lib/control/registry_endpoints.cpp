// /admin/providers, /admin/models, /admin/provider-presets, /admin/routing/reload
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "codex/catalog_base.h"
#include "control/answer.h"
#include "control/assets.h"
#include "control/endpoints.h"
#include "control/registry_json.h"
#include "control/registry_request.h"
#include "control/rows.h"
#include "core/json_object.h"
#include "registry/registry_editor.h"
#include "storage/sql_values.h"

namespace responses_proxy::control {

namespace {

constexpr std::string_view kProviders = "/admin/providers/";
constexpr std::string_view kModels = "/admin/models/";

using Request = httplib::Request;
using Response = httplib::Response;

// How one kind of record is found, shown and changed.
struct ProviderKind {
  using Value = Provider;
  static constexpr const char* kName = "provider";
  static const auto& all(const RegistryView& view) { return view.contents.providers; }
  static Json shown(const Registered<Provider>& one, const RegistryView& view) {
    return provider_json(one, view);
  }
  static bool is_of(const Provider& provider, const RegistryPage& page) {
    return !page.enabled || provider.enabled == *page.enabled;
  }
};

struct AliasKind {
  using Value = Alias;
  static constexpr const char* kName = "model";
  static const auto& all(const RegistryView& view) { return view.contents.aliases; }
  static Json shown(const Registered<Alias>& one, const RegistryView& view) {
    return alias_json(one, view);
  }
  static bool is_of(const Alias& alias, const RegistryPage& page) {
    const bool of_provider =
        page.provider_id.empty() ||
        std::any_of(alias.targets.begin(), alias.targets.end(), [&](const AliasTarget& target) {
          return target.provider_id == page.provider_id;
        });
    return of_provider && (!page.enabled || alias.enabled == *page.enabled);
  }
};

// Newest first; what comes from the file has no time and stands at the end.
template <class T>
std::string sort_key(const Registered<T>& registered, const std::string& name) {
  return fmt::format("{:020} {}", to_micros(registered.created_at), name);
}

template <class Kind>
void answer_list(const RegistryView& view, const Request& request, Response& response) {
  const auto page = page_of(request, std::is_same_v<Kind, AliasKind>);
  if (!page) return send_error(response, page.error());
  std::vector<std::pair<std::string, const Registered<typename Kind::Value>*>> rows;
  for (const auto& [name, one] : Kind::all(view)) {
    std::string key = sort_key(one, name);
    const bool before = page->after.empty() || key < page->after;
    if (before && Kind::is_of(one.value, *page)) rows.emplace_back(std::move(key), &one);
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& left, const auto& right) { return left.first > right.first; });
  const bool more = rows.size() > page->limit;
  if (more) rows.resize(page->limit);
  Json data = Json::array();
  for (const auto& [key, one] : rows) data.push_back(Kind::shown(*one, view));
  send_json(response,
            {{"data", std::move(data)},
             {"next_cursor", more ? Json(page->cursor_behind(rows.back().first)) : Json(nullptr)}});
}

template <class Kind>
void answer_one(const RegistryView& view, const std::string& name, Response& response,
                int status = 200, const std::vector<std::string>& warnings = {}) {
  const auto found = Kind::all(view).find(name);
  if (found == Kind::all(view).end()) {
    return send_refusal(response, not_registered(Kind::kName, name));
  }
  Json answer = Kind::shown(found->second, view);
  if (!warnings.empty()) answer["warnings"] = warnings;
  response.set_header("ETag", etag_of(found->second.revision));
  send_json(response, answer, status);
}

template <class Kind>
void answer_saved(const Registry& registry, const EditResult& result, const std::string& name,
                  Response& response) {
  if (const auto* refusal = std::get_if<Refusal>(&result)) return send_refusal(response, *refusal);
  const auto& saved = std::get<Saved>(result);
  std::vector<std::string> warnings;
  for (const std::string& one : saved.unknown) {
    warnings.push_back(fmt::format("{} is not known here and was left out", one));
  }
  std::string about_name;
  if constexpr (std::is_same_v<Kind, AliasKind>) about_name = name_warning(name);
  if (!about_name.empty()) warnings.push_back(std::move(about_name));
  answer_one<Kind>(*registry.view(), name, response, saved.created ? 201 : 200, warnings);
}

void answer_removed(const EditResult& result, const char* kind, const std::string& name,
                    Response& response) {
  if (const auto* refusal = std::get_if<Refusal>(&result)) return send_refusal(response, *refusal);
  send_json(response,
            {{"id", name}, {"object", fmt::format("{}.deleted", kind)}, {"deleted", true}});
}

// Calls change(body, conditions), or answers what is wrong with the request.
template <class Change>
void with_change(const Request& request, Response& response, bool has_body, Change&& change) {
  const auto conditions = conditions_of(request);
  if (!conditions) return send_error(response, conditions.error());
  if (!has_body) return change(Json(), *conditions);
  const auto body = parse_json_object(request.body);
  if (!body) return send_error(response, not_an_object(request.body));
  change(*body, *conditions);
}

std::string text_at(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_providers(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  Registry& registry = *plane->registry;
  const std::string actor = actor_of(plane->context.config);
  routes.get("/admin/providers", Access::registry,
             [&registry](const auto& request, auto& response) {
               answer_list<ProviderKind>(*registry.view(), request, response);
             });
  routes.post("/admin/providers", Access::registry,
              [&registry, actor](const Request& request, Response& response) {
                with_change(request, response, true, [&](const Json& body, const auto& conditions) {
                  const auto saved = RegistryEditor(registry).put_provider(body, conditions, actor);
                  answer_saved<ProviderKind>(registry, saved, text_at(body, "id"), response);
                });
              });
  routes.get("/admin/providers/*", Access::registry,
             [&registry](const Request& request, Response& response) {
               answer_one<ProviderKind>(*registry.view(), name_after(request, kProviders),
                                        response);
             });
  routes.add("PATCH", "/admin/providers/*", Access::registry,
             [&registry, actor](const Request& request, Response& response) {
               with_change(request, response, true, [&](const Json& body, const auto& conditions) {
                 const std::string id = name_after(request, kProviders);
                 const auto saved =
                     RegistryEditor(registry).patch_provider(id, body, conditions, actor);
                 answer_saved<ProviderKind>(registry, saved, id, response);
               });
             });
  routes.add("DELETE", "/admin/providers/*", Access::registry,
             [&registry, actor](const Request& request, Response& response) {
               with_change(request, response, false, [&](const Json&, const auto& conditions) {
                 const std::string id = name_after(request, kProviders);
                 const auto cascade = cascade_of(request);
                 if (!cascade) return send_error(response, cascade.error());
                 answer_removed(
                     RegistryEditor(registry).remove_provider(id, *cascade, conditions, actor),
                     "provider", id, response);
               });
             });
}

void add_models(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  Registry& registry = *plane->registry;
  const std::string actor = actor_of(plane->context.config);
  routes.get("/admin/models", Access::registry, [&registry](const auto& request, auto& response) {
    answer_list<AliasKind>(*registry.view(), request, response);
  });
  routes.post("/admin/models", Access::registry,
              [&registry, actor](const Request& request, Response& response) {
                with_change(request, response, true, [&](const Json& body, const auto& conditions) {
                  const auto saved = RegistryEditor(registry).put_alias(body, conditions, actor);
                  answer_saved<AliasKind>(registry, saved, text_at(body, "alias"), response);
                });
              });
  routes.get("/admin/models/*", Access::registry,
             [&registry](const Request& request, Response& response) {
               answer_one<AliasKind>(*registry.view(), name_after(request, kModels), response);
             });
  routes.add("PATCH", "/admin/models/*", Access::registry,
             [&registry, actor](const Request& request, Response& response) {
               with_change(request, response, true, [&](const Json& body, const auto& conditions) {
                 const std::string alias = name_after(request, kModels);
                 const auto saved =
                     RegistryEditor(registry).patch_alias(alias, body, conditions, actor);
                 answer_saved<AliasKind>(registry, saved, alias, response);
               });
             });
  routes.add("DELETE", "/admin/models/*", Access::registry,
             [&registry, actor](const Request& request, Response& response) {
               with_change(request, response, false, [&](const Json&, const auto& conditions) {
                 const std::string alias = name_after(request, kModels);
                 answer_removed(RegistryEditor(registry).remove_alias(alias, conditions, actor),
                                "model", alias, response);
               });
             });
}

void answer_reload(Registry& registry, Response& response) {
  const std::string problem = registry.reload();
  const auto view = registry.view();
  Json problems = Json::object();
  for (const auto& [id, why] : view->routing.problems) problems[id] = why;
  const Json answer{{"status", problem.empty() ? "reloaded" : "failed"},
                    {"problem", text_or_null(problem)},
                    {"version", view->contents.version},
                    {"providers", view->contents.providers.size()},
                    {"models", view->contents.aliases.size()},
                    {"resources", view->routing.resources.size()},
                    {"unavailable", std::move(problems)}};
  send_json(response, answer, problem.empty() ? 200 : 503);
}

Json wire_apis(const Registry* registry) {
  if (registry == nullptr) return Json::array();
  return registrable_wire_apis(registry->rules().wire_apis);
}

}  // namespace

void add_registry_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/admin/provider-presets", Access::registry, [plane](const auto&, Response& response) {
    Json answer = Json::parse(kProviderPresetsJson);
    answer["wire_apis"] = wire_apis(plane->registry);
    send_json(response, answer);
  });
  if (plane->registry == nullptr) return;
  add_providers(routes, plane);
  add_models(routes, plane);
  routes.post(
      "/admin/routing/reload", Access::registry,
      [plane](const Request&, Response& response) { answer_reload(*plane->registry, response); });
}

}  // namespace responses_proxy::control
