// Probe: one health check of one resource, from the request to what its answer means.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "responses_proxy/dialect.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy {

class Probe final : public UpstreamHandler {
 public:
  // Called once, at the end. The last thing the probe does, so it may be destroyed in there.
  using Done = std::function<void(const HealthCheckResult&)>;
  // Of an error's body; the rest is not needed to see what it says.
  static constexpr std::size_t kMaxBody = 16 * 1024;

  // The table keeps the target alive.
  Probe(const HealthCheckOptions& options, std::shared_ptr<const RoutingTable> table,
        const Target& target, const Dialect& dialect, const Clock& clock, Done done);

  // Tells the resource's state what came out, then calls `done`.
  void send(UpstreamClient& upstream);
  const Resource& resource() const { return *target_.resource; }

 private:
  void on_head(int status, Headers headers) override;
  bool on_body(std::string_view bytes) override;
  void on_end(const UpstreamResult& result) override;

  Verdict verdict_of_result(const UpstreamResult& result) const;
  Verdict verdict_of_error(const VerdictOptions& options) const;

  const HealthCheckOptions& options_;
  const std::shared_ptr<const RoutingTable> table_;
  const Target target_;
  const Dialect& dialect_;
  const Clock& clock_;
  const Done done_;
  SteadyTime started_;
  int status_ = 0;
  Headers headers_;
  std::string body_;   // of the request
  std::string error_;  // of the answer, if it is one
  std::unique_ptr<UpstreamTransfer> transfer_;
};

// The provider has no such path.
bool path_is_missing(int status);

}  // namespace responses_proxy
