#include "health/provider_tester.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "core/json.h"
#include "core/secret_mask.h"
#include "health/probe.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

using State = TestStep::State;

// What a step took; nothing where it was not needed, as on a connection that stood already.
std::optional<std::chrono::microseconds> between(std::chrono::microseconds from,
                                                 std::chrono::microseconds to) {
  return to > from ? std::optional(to - from) : std::nullopt;
}

// How far the connection came, by the step that failed.
std::string_view failed_step(UpstreamError error) {
  switch (error) {
    case UpstreamError::connect_name_not_found:
      return "resolve";
    case UpstreamError::connect_tls:
    case UpstreamError::connect_certificate:
      return "tls";
    default:
      return is_connect_failure(error) ? "connect" : "auth";
  }
}

}  // namespace

// One request, from the caller's thread to the loop and back.
struct ProviderTester::Call final : UpstreamHandler {
  Call(Resource of, const Dialect& spoken, std::string asked)
      : resource(std::move(of)), dialect(spoken), model(std::move(asked)) {}

  void on_head(int of_answer, Headers its_headers) override {
    status = of_answer;
    headers = std::move(its_headers);
  }
  bool on_body(std::string_view bytes) override {
    body.append(bytes.substr(0, Probe::kMaxBody - std::min(Probe::kMaxBody, body.size())));
    return true;
  }
  void on_end(const UpstreamResult& ended) override {
    result = ended;
    done.set_value();
  }

  const Resource resource;
  const Dialect& dialect;
  const std::string model;  // "" = a probe
  UpstreamCall call;
  std::unique_ptr<UpstreamTransfer> transfer;  // used on the loop
  UpstreamResult result;
  int status = 0;
  Headers headers;
  std::string body;
  std::promise<void> done;
};

namespace {

std::string masked(const Resource& resource, const std::string& text) {
  return SecretMask({&resource.credential}).apply(text, 500);
}

std::string told(const UpstreamFault& fault, int status, const Resource& resource) {
  if (fault.message.empty()) return fmt::format("HTTP {}", status);
  return fmt::format("HTTP {}: {}", status, masked(resource, fault.message));
}

// What an answer says about the key, and about the model if one was asked for.
void judge(const UpstreamFault& fault, int status, const Resource& resource, bool for_model,
           TestStep& auth, TestStep& model) {
  const std::string words = told(fault, status, resource);
  if (status < 300) {
    auth.state = State::ok;
    if (for_model) model.state = State::ok;
  } else if ((status == 401 || status == 403) && !fault.model_refused) {
    auth = {auth.name, State::failed, auth.latency, words};
  } else if (for_model) {
    auth.state = status >= 500 ? State::unknown : State::ok;
    model = {model.name, State::failed, model.latency, words};
  } else if (path_is_missing(status)) {
    auth = {auth.name, State::unknown, auth.latency,
            words + ": the path is not there, so nothing is known about the key"};
  } else {
    auth = {auth.name, status == 429 ? State::ok : State::failed, auth.latency, words};
  }
}

}  // namespace

TestReport TestReport::failed(std::string step, std::string detail) {
  TestReport report;
  report.steps.push_back({std::move(step), State::failed, {}, std::move(detail)});
  return report;
}

TestReport ProviderTester::test_provider(const Resource& resource) {
  const Dialect* dialect = dialects_.find(resource.wire_api);
  if (dialect == nullptr) return TestReport::failed("wire_api", "no dialect speaks it");
  const std::string path = resource.health_path.value_or("");
  auto call = std::make_shared<Call>(resource, *dialect, "");
  call->call = dialect->probe(resource, path.empty() ? "models" : path);
  return run(call);
}

TestReport ProviderTester::test_model(const Resource& resource, const std::string& model,
                                      const std::string& capabilities) {
  const Dialect* dialect = dialects_.find(resource.wire_api);
  if (dialect == nullptr) return TestReport::failed("wire_api", "no dialect speaks it");
  constexpr int kFewTokens = 16;
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = dump(Json{{"model", model},
                           {"input", "Reply with exactly: ok"},
                           {"max_output_tokens", kFewTokens},
                           {"store", false}});
  auto translated = dialect->translate(
      {.request = request, .model = model, .capabilities = capabilities}, resource);
  if (!translated) return TestReport::failed("model", translated.error().message);
  auto call = std::make_shared<Call>(resource, *dialect, model);
  call->call = std::move(translated->call);
  if (!call->call.body) call->call.body = request.body;
  return run(call);
}

TestReport ProviderTester::run(const std::shared_ptr<Call>& call) {
  const SteadyTime started = clock_.steady();
  std::future<void> done = call->done.get_future();
  tasks_.post([this, call] {
    UpstreamRequest request;
    request.method = call->call.method;
    request.url = call->call.url;
    request.headers = call->call.headers;
    request.body = call->call.body ? std::string_view(*call->call.body) : std::string_view();
    request.timeouts = {timeout_, Millis{0}, Millis{0}, timeout_};
    request.http2 = call->resource.http2;
    call->transfer = upstream_.start(std::move(request), *call);
  });
  const bool ended = done.wait_for(timeout_ + kSlack) == std::future_status::ready;
  // The transfer belongs to the loop, and so do its last moments.
  loop_.post([call] { call->transfer.reset(); });
  if (!ended) return TestReport::failed("connect", "no answer in time");
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - started);
  return report_of(*call, took);
}

TestReport ProviderTester::report_of(const Call& call, std::chrono::microseconds took) const {
  const bool for_model = !call.model.empty();
  TestReport report;
  report.status = call.status;
  report.latency = took;
  const UpstreamResult& result = call.result;
  report.steps.push_back({"resolve", State::skipped, between({}, result.resolve_time)});
  report.steps.push_back(
      {"connect", State::skipped, between(result.resolve_time, result.connect_time)});
  if (call.resource.base_url.starts_with("https:")) {
    report.steps.push_back({"tls", State::skipped, between(result.connect_time, result.tls_time)});
  }
  // Both in one answer.
  const auto answer = between(std::max(result.connect_time, result.tls_time), took);
  report.steps.push_back({"auth", State::skipped, answer});
  if (for_model) report.steps.push_back({"model", State::skipped, answer});

  const bool answered = call.status != 0;
  const std::string_view stop = answered ? "auth" : failed_step(call.result.error);
  auto step = report.steps.begin();
  for (; step->name != stop; ++step) step->state = State::ok;
  if (!answered) {
    step->state = State::failed;
    step->detail = masked(call.resource, describe(call.result.error, call.result.detail));
    for (; step != report.steps.end(); ++step) step->latency.reset();  // nothing was measured
    return report;
  }
  TestStep unused;
  judge(call.dialect.fault({call.status, call.headers, call.body, clock_.wall()}), call.status,
        call.resource, for_model, *step, for_model ? report.steps.back() : unused);
  report.ok = std::all_of(report.steps.begin(), report.steps.end(), [](const TestStep& one) {
    return one.state == State::ok || one.state == State::unknown;
  });
  return report;
}

}  // namespace responses_proxy
