// /admin/providers/test, /admin/models/test
#include <fmt/format.h>
#include <openssl/rand.h>

#include <functional>
#include <string>
#include <utility>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/registry_request.h"
#include "control/rows.h"
#include "core/base64.h"
#include "core/json_object.h"
#include "health/provider_tester.h"
#include "registry/credential_ref.h"
#include "registry/provider_json.h"
#include "registry/registry_editor.h"

namespace responses_proxy::control {

namespace {

// Seals what is tried out, and goes with it: nothing of that is kept.
SecretBox passing_box() {
  std::string key(SecretBox::kKeyBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size()));
  return SecretBox({Secret(base64(key))});
}

// The first key of the provider, whichever box it is in.
ReferredKey key_of(const Provider& provider, const SecretBox& passing, const Registry& registry) {
  if (provider.auth_type == "none") return {};
  if (!provider.keys.empty()) {
    const std::string& sealed = provider.keys.front().sealed;
    const bool is_new = passing.is_current(sealed);
    auto opened = (is_new ? passing : registry.box()).open(sealed, provider.id);
    return {std::move(opened.secret), std::move(opened.problem), {}};
  }
  if (!provider.credential_ref.empty()) {
    return resolve_reference(provider.credential_ref, registry.rules().variable);
  }
  return {{}, "no credential: set api_key or credential_ref", {}};
}

const char* word(TestStep::State state) {
  switch (state) {
    case TestStep::State::ok:
      return "ok";
    case TestStep::State::failed:
      return "failed";
    case TestStep::State::unknown:
      return "unknown";
    case TestStep::State::skipped:
      break;
  }
  return "skipped";
}

Json to_json(const TestReport& report) {
  Json steps = Json::array();
  for (const TestStep& step : report.steps) {
    steps.push_back({{"step", step.name},
                     {"status", word(step.state)},
                     {"latency_ms", step.latency ? Json(to_millis(*step.latency)) : Json(nullptr)},
                     {"detail", text_or_null(step.detail)}});
  }
  return {{"ok", report.ok},
          {"status_code", report.status == 0 ? Json(nullptr) : Json(report.status)},
          {"latency_ms", to_millis(report.latency)},
          {"steps", std::move(steps)}};
}

TestReport run(const Plane& plane, const Provider& provider, const SecretBox& passing,
               const std::string& model, const std::string& capabilities) {
  const Registry& registry = *plane.registry;
  if (const auto limit = wire_api_limit(provider.wire_api, registry.rules()); !limit.empty()) {
    return TestReport::failed("wire_api", limit);
  }
  const ReferredKey key = key_of(provider, passing, registry);
  if (!key.problem.empty()) return TestReport::failed("credential", key.problem);
  const Resource resource = resource_of(provider, key.secret, registry.rules());
  if (model.empty()) return plane.tester->test_provider(resource);
  return plane.tester->test_model(resource, model, capabilities);
}

void answer_provider_test(Plane& plane, const httplib::Request& request,
                          httplib::Response& response) {
  const auto body = parse_json_object(request.body);
  if (!body) return send_error(response, not_an_object(request.body));
  const Registry& registry = *plane.registry;
  const auto view = registry.view();
  const auto id = body->find("id");
  const auto before = id != body->end() && id->is_string()
                          ? view->contents.providers.find(id->get<std::string>())
                          : view->contents.providers.end();
  const SecretBox passing = passing_box();
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;
  const Provider provider = read_provider(
      *body, before == view->contents.providers.end() ? nullptr : &before->second.value,
      registry.provider_rules(&passing), errors, unknown);
  if (!errors.empty()) return send_refusal(response, refused_fields(std::move(errors)));
  send_json(response, to_json(run(plane, provider, passing, {}, {})));
}

void answer_model_test(Plane& plane, const httplib::Request& request, httplib::Response& response) {
  const auto body = parse_json_object(request.body);
  if (!body) return send_error(response, not_an_object(request.body));
  const auto view = plane.registry->view();
  std::vector<FieldError> errors;
  FieldReader reader(*body, errors);
  std::string alias;
  AliasTarget target;
  Json capabilities = Json::object();
  if (reader.text("alias", alias)) {
    const auto found = view->contents.aliases.find(alias);
    if (found == view->contents.aliases.end() || found->second.value.targets.empty()) {
      return send_refusal(response, not_registered("model", alias));
    }
    target = found->second.value.targets.front();
    capabilities = found->second.value.capabilities;
    reader.text("provider_id", target.provider_id);
    reader.text("upstream_id", target.upstream_id);
  } else {
    reader.required_text("provider_id", target.provider_id);
    reader.required_text("upstream_id", target.upstream_id);
  }
  reader.object("capabilities", capabilities);
  if (!errors.empty()) return send_refusal(response, refused_fields(std::move(errors)));
  const auto provider = view->contents.providers.find(target.provider_id);
  if (provider == view->contents.providers.end()) {
    return send_refusal(response, not_registered("provider", target.provider_id));
  }
  const std::string known = capabilities.empty() ? "" : dump(capabilities);
  send_json(response, to_json(run(plane, provider->second.value, {}, target.upstream_id, known)));
}

// At most so many at once: each holds a thread for as long as a provider takes.
void with_slot(Plane& plane, httplib::Response& response, const std::function<void()>& test) {
  const auto slot = plane.provider_tests.take();
  if (slot) return test();
  send_error(
      response,
      too_many("provider_test_busy",
               fmt::format("{} tests of providers run already, which is the most at once: try "
                           "again when one has ended.",
                           Plane::kMaxProviderTests)));
}

}  // namespace

void add_provider_test_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  if (plane->registry == nullptr || plane->tester == nullptr) return;
  routes.post("/admin/providers/test", Access::registry,
              [plane](const httplib::Request& request, httplib::Response& response) {
                with_slot(*plane, response,
                          [&] { answer_provider_test(*plane, request, response); });
              });
  routes.post("/admin/models/test", Access::registry,
              [plane](const httplib::Request& request, httplib::Response& response) {
                with_slot(*plane, response, [&] { answer_model_test(*plane, request, response); });
              });
}

}  // namespace responses_proxy::control
