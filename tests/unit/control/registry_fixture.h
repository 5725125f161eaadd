// The control plane with a registry behind it, and a client that tries providers out.
#pragma once

#include "fakes/registry_rig.h"
#include "health/provider_tester.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

// Answers nothing: for tests that send nothing upstream.
class NoUpstream final : public UpstreamClient {
 public:
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override {
    urls.push_back(request.url);
    handler_ = &handler;
    return nullptr;
  }
  std::vector<std::string> urls;

 private:
  UpstreamHandler* handler_ = nullptr;
};

struct RegistryFixture : ControlPlaneFixture {
  RegistryFixture() {
    made = rig.start();
    registry = made.get();
    dialects.add(*dialect);
    its_tester =
        std::make_unique<ProviderTester>(loops.at(0), upstream, clock, dialects, Millis(1'000));
    tester = its_tester.get();
  }
  ~RegistryFixture() { stop(); }

  httplib::Response send_body(const std::string& method, const std::string& target,
                              const std::string& body, httplib::Headers headers = {}) const {
    headers.emplace("Content-Type", "application/json");
    return send(method, target, headers, body);
  }
  Json send_json(const std::string& method, const std::string& target, const Json& body) const {
    return Json::parse(send_body(method, target, body.dump()).body, nullptr, false);
  }

  RegistryRig rig;
  std::unique_ptr<Registry> made;
  EventLoops loops{1};
  NoUpstream upstream;
  const std::unique_ptr<Dialect> dialect = make_responses_dialect();
  Dialects dialects;
  std::unique_ptr<ProviderTester> its_tester;
};

}  // namespace responses_proxy::testing
