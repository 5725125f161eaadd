#include "c_api/picker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dialects/builtin_dialects.h"
#include "responses_proxy/version.h"
#include "routing_table/fingerprint.h"

namespace responses_proxy::c_api {

namespace {

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Picker::Picker(Setup setup)
    : random_(random_seed()),
      dialects_(make_builtin_dialects()),
      state_(make_memory_state_store(clock_)),
      policy_(setup.balancing.policy->name()),
      verdicts_(setup.verdicts),
      router_(*state_),
      balancer_(clock_, random_, setup.balancing) {
  update(std::move(setup));
}

void Picker::update(Setup setup) {
  router_.update(std::move(setup.resources), std::move(setup.aliases));
}

std::string Picker::resource_of(AffinityKind kind, std::string_view id) {
  std::string found;
  if (id.empty()) return found;
  // The memory store answers before it returns.
  state_->find_affinity({kind, id}, [&](std::optional<std::string> resource_id) {
    found = std::move(resource_id).value_or("");
  });
  return found;
}

PickResult Picker::pick(const Wish& wish, std::string& alias) {
  const auto route = router_.route({.model = wish.model, .pool_id = wish.pool_id});
  if (!route) return Reject{route.error()};
  alias = route->alias;
  const std::string required = resource_of(AffinityKind::response, wish.response_id);
  const std::string preferred = resource_of(AffinityKind::session, wish.session_id);
  PickResult result = balancer_.pick({.route = *route,
                                      .required_resource = required,
                                      .preferred_resource = preferred,
                                      .tried = wish.tried,
                                      .model = wish.model});
  const auto* lease = std::get_if<Picked>(&result);
  if (lease != nullptr && !wish.session_id.empty()) {
    state_->remember_affinity({AffinityKind::session, wish.session_id}, lease->resource().id,
                              [] {});
  }
  return result;
}

void Picker::remember(std::string_view response_id, std::string_view resource_id) {
  state_->remember_affinity({AffinityKind::response, response_id}, resource_id, [] {});
}

void Picker::report(std::string_view resource_id, const Verdict& verdict) {
  const auto table = router_.table();
  const Target* target = table->find(resource_id);
  if (target == nullptr) throw Invalid(fmt::format("there is no resource {}", resource_id));
  target->state->apply_check(verdict, clock_.steady());
}

std::shared_ptr<ResourceState> Picker::state_of(const Resource& resource) {
  return state_->resource(resource.id, fingerprint(resource));
}

const Dialect* Picker::dialect_of(const Resource& resource) const {
  const auto found = std::find_if(dialects_.begin(), dialects_.end(), [&](const auto& dialect) {
    return dialect->name() == resource.wire_api;
  });
  return found == dialects_.end() ? nullptr : found->get();
}

Json Picker::describe(const Target& target) const {
  const Resource& resource = *target.resource;
  const ResourceState& state = *target.state;
  Json told{{"id", resource.id},
            {"name", resource.name.empty() ? resource.id : resource.name},
            {"provider_id", text_or_null(resource.provider_id)},
            {"pool_id", text_or_null(resource.pool_id)},
            {"base_url", resource.base_url},
            {"wire_api", resource.wire_api},
            {"api_key", text_or_null(resource.credential.masked())},
            {"weight", resource.weight},
            {"active", state.active()},
            {"total_requests", state.total_requests()},
            {"total_errors", state.total_errors()}};
  told.update(health_of(state, clock_.steady()));
  return told;
}

Json Picker::describe() const {
  const auto table = router_.table();
  Json resources = Json::array();
  for (const Target& target : table->all()) resources.push_back(describe(target));
  Json aliases = Json::array();
  for (const ModelAlias& alias : table->aliases()) aliases.push_back(alias.name);
  return {{"version", kVersion},
          {"policy", policy_},
          {"resources", std::move(resources)},
          {"aliases", std::move(aliases)}};
}

Json health_of(const ResourceState& state, SteadyTime now) {
  const SteadyTime until = std::max(state.blocked_until(), state.cooldown_until());
  const auto wait = std::chrono::duration_cast<Millis>(until - now);
  return {{"health", to_string(state.health_at(now))},
          {"reason", text_or_null(state.reason_at(now))},
          {"retry_in_ms", std::max(wait, Millis::zero()).count()}};
}

}  // namespace responses_proxy::c_api
