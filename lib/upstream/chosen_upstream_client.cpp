#include "upstream/chosen_upstream_client.h"

#include <utility>

#include "responses_proxy/upstream_trust.h"
#include "upstream/curl_upstream_client.h"
#include "upstream/native/native_upstream_client.h"

namespace responses_proxy {

namespace {

// Both clients go by the same authorities.
UpstreamClientOptions with_trust(UpstreamClientOptions options) {
  if (!options.trust) options.trust = std::make_shared<UpstreamTrust>();
  return options;
}

}  // namespace

ChosenUpstreamClient::ChosenUpstreamClient(EventLoop& loop, const Clock& clock,
                                           const UpstreamClientOptions& options,
                                           EnvironmentProxies proxies)
    : loop_(loop),
      clock_(clock),
      options_(with_trust(options)),
      proxies_(std::move(proxies)),
      native_(make_native_upstream_client(loop, clock, options_)) {}

std::unique_ptr<UpstreamTransfer> ChosenUpstreamClient::start(UpstreamRequest request,
                                                              UpstreamHandler& handler) {
  // A proxy looks names up itself: where private addresses are forbidden, nobody could tell what it
  // connects to.
  const bool proxied = options_.allow_private && proxies_.apply_to(request.url);
  const bool through_curl = request.unix_socket.empty() && (request.http2 || proxied);
  return (through_curl ? curl() : *native_).start(std::move(request), handler);
}

UpstreamClient& ChosenUpstreamClient::curl() {
  if (!curl_) curl_ = make_curl_upstream_client(loop_, clock_, options_);
  return *curl_;
}

std::unique_ptr<UpstreamClient> make_upstream_client(EventLoop& loop, const Clock& clock,
                                                     const UpstreamClientOptions& options) {
  switch (options.http) {
    case UpstreamHttp::native:
      return make_native_upstream_client(loop, clock, options);
    case UpstreamHttp::curl:
      return make_curl_upstream_client(loop, clock, options);
    case UpstreamHttp::automatic:
      break;
  }
  return std::make_unique<ChosenUpstreamClient>(loop, clock, options,
                                                EnvironmentProxies::of_this_process());
}

}  // namespace responses_proxy
