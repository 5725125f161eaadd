// ChosenUpstreamClient: the native client, and libcurl for what that one does not do: HTTP/2, and
// proxies that the environment names.
#pragma once

#include <memory>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"
#include "upstream/environment_proxies.h"

namespace responses_proxy {

class ChosenUpstreamClient final : public UpstreamClient {
 public:
  ChosenUpstreamClient(EventLoop& loop, const Clock& clock, const UpstreamClientOptions& options,
                       EnvironmentProxies proxies);

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override;

 private:
  UpstreamClient& curl();

  EventLoop& loop_;
  const Clock& clock_;
  const UpstreamClientOptions options_;
  const EnvironmentProxies proxies_;
  const std::unique_ptr<UpstreamClient> native_;
  std::unique_ptr<UpstreamClient> curl_;  // made when it is first needed
};

}  // namespace responses_proxy
