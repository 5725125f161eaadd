// The functions of the C interface that pick.
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>

#include "c_api/call.h"
#include "c_api/handles.h"
#include "core/secret_mask.h"
#include "dialects/resource_access.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/version.h"

namespace responses_proxy::c_api {

namespace {

constexpr std::int64_t kMaxLatency = 86'400'000;  // a day

constexpr std::array kWords = {
    UpstreamError::connect,         UpstreamError::connect_name_not_found,
    UpstreamError::connect_refused, UpstreamError::connect_unreachable,
    UpstreamError::connect_tls,     UpstreamError::connect_certificate,
    UpstreamError::connect_timeout, UpstreamError::first_byte_timeout,
    UpstreamError::idle_timeout,    UpstreamError::total_timeout,
    UpstreamError::closed,          UpstreamError::truncated,
    UpstreamError::protocol,
};

UpstreamError error_of(std::string_view word) {
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](UpstreamError error) { return to_string(error) == word; });
  if (found == kWords.end()) throw Invalid("the word is none of those that say how it failed");
  return *found;
}

Wish wish_of(const Json& request) {
  Wish wish{.model = text_at(request, "model"),
            .pool_id = text_at(request, "pool_id"),
            .session_id = text_at(request, "session_id"),
            .response_id = text_at(request, "response_id"),
            .tried = {}};
  const Json tried = request.value("tried", Json::array());
  for (const Json& id : tried.is_array() ? tried : Json::array({Json()})) {
    if (!id.is_string()) throw Invalid("tried must be a list of texts");
    wish.tried.push_back(id.get<std::string>());
  }
  return wish;
}

Json told_of(const Lease& lease) {
  const Resource& resource = lease.resource();
  return {{"resource_id", resource.id},
          {"base_url", resource.base_url},
          {"wire_api", resource.wire_api},
          {"model", lease.model().empty() ? Json(nullptr) : Json(lease.model())},
          {"reason", lease.reason_word().text()}};
}

rp_result finish(rp_lease& lease, Verdict verdict, std::int64_t latency_ms, rp_text* answer) {
  const Resource& resource = lease.held().resource();
  // The reason has the provider's words.
  verdict.reason = SecretMask({&resource.credential}).apply(verdict.reason);
  const auto latency = Millis(std::clamp<std::int64_t>(latency_ms, 0, kMaxLatency));
  const SteadyTime now = lease.picker->clock().steady();
  const auto state = lease.picker->state_of(resource);
  lease.lease->finish(verdict, latency, now);
  lease.lease.reset();
  return say(answer, RP_OK, dump(health_of(*state, now)));
}

Verdict verdict_of_status(const Picker& picker, int status, const Headers& headers) {
  if (status == 0) return verdict_of_failure(UpstreamError::connect, picker.verdicts());
  if (status < 100 || status > 999) throw Invalid("the status is none of HTTP");
  return verdict_of(status, headers, picker.clock().wall(), picker.verdicts());
}

}  // namespace

}  // namespace responses_proxy::c_api

using namespace responses_proxy;
using namespace responses_proxy::c_api;

void rp_text_free(rp_text* text) {
  if (text == nullptr) return;
  std::free(text->data);
  *text = {nullptr, 0};
}

const char* rp_version(void) {
  return kVersion.data();
}

int rp_abi(void) {
  return RP_C_ABI;
}

rp_result rp_create(const char* setup, size_t size, rp_balancer** balancer, rp_text* answer) {
  return call(answer, [&] {
    given(balancer, "balancer") = nullptr;
    auto picker = std::make_shared<Picker>(read_setup(given_bytes(setup, size, "setup")));
    *balancer = new rp_balancer{std::move(picker)};
    return RP_OK;
  });
}

rp_result rp_update(rp_balancer* balancer, const char* setup, size_t size, rp_text* answer) {
  return call(answer, [&] {
    given(balancer, "balancer").picker->update(read_setup(given_bytes(setup, size, "setup")));
    return RP_OK;
  });
}

void rp_destroy(rp_balancer* balancer) {
  delete balancer;
}

rp_result rp_pick(rp_balancer* balancer, const char* request, size_t size, rp_lease** lease,
                  rp_text* answer) {
  return call(answer, [&] {
    given(lease, "lease") = nullptr;
    const auto& picker = given(balancer, "balancer").picker;
    std::string alias;
    PickResult result =
        picker->pick(wish_of(object_of(given_bytes(request, size, "request"), "request")), alias);
    if (const auto* wait = std::get_if<Wait>(&result)) {
      Json told = to_json(wait->error);
      told["retry_in_ms"] = wait->retry_in.count();
      return say(answer, RP_WAIT, dump(told));
    }
    if (const auto* reject = std::get_if<Reject>(&result)) {
      return say(answer, RP_REJECT, dump(to_json(reject->error)));
    }
    auto made = std::make_unique<rp_lease>();
    made->picker = picker;
    made->alias = std::move(alias);
    made->lease.emplace(std::get<Picked>(std::move(result)));
    const rp_result told = say(answer, RP_OK, dump(told_of(*made->lease)));
    if (told == RP_OK) *lease = made.release();
    return told;
  });
}

rp_result rp_remember(rp_balancer* balancer, const char* response_id, const char* resource_id,
                      rp_text* answer) {
  return call(answer, [&] {
    given(balancer, "balancer")
        .picker->remember(given_text(response_id, "response_id"),
                          given_text(resource_id, "resource_id"));
    return RP_OK;
  });
}

rp_result rp_authorize(const rp_lease* lease, const char* path, rp_text* answer) {
  return call(answer, [&] {
    const Resource& resource = given(lease, "lease").held().resource();
    Headers headers;
    add_resource_headers(headers, resource);
    return say(answer, RP_OK,
               dump({{"url", upstream_url(resource, path == nullptr ? "" : path)},
                     {"headers", to_json(headers)}}));
  });
}

rp_result rp_finish(rp_lease* lease, int status, const char* headers, size_t size,
                    int64_t latency_ms, rp_text* answer) {
  return call(answer, [&] {
    rp_lease& held = given(lease, "lease");
    held.held();  // or it is finished
    if (status == 0) throw Invalid("the status is none of HTTP");
    const Verdict verdict =
        verdict_of_status(*held.picker, status, headers_of(given_bytes(headers, size, "headers")));
    return finish(held, verdict, latency_ms, answer);
  });
}

rp_result rp_finish_translated(rp_lease* lease, const rp_translation* translation,
                               int64_t latency_ms, rp_text* answer) {
  return call(answer, [&] {
    rp_lease& held = given(lease, "lease");
    const Translation& read = *given(translation, "translation").translation;
    const UpstreamFault fault = read.fault(held.picker->clock().wall());
    if (fault.status == 0) throw Invalid("there is no answer yet: rp_answer_head() comes first");
    return finish(held, verdict_of(fault, held.picker->verdicts()), latency_ms, answer);
  });
}

rp_result rp_finish_failed(rp_lease* lease, const char* word, int64_t latency_ms, rp_text* answer) {
  return call(answer, [&] {
    rp_lease& held = given(lease, "lease");
    const UpstreamError error = error_of(given_text(word, "word"));
    return finish(held, verdict_of_failure(error, held.picker->verdicts()), latency_ms, answer);
  });
}

void rp_lease_destroy(rp_lease* lease) {
  delete lease;
}

rp_result rp_report_health(rp_balancer* balancer, const char* resource_id, int status,
                           const char* headers, size_t size, rp_text* answer) {
  return call(answer, [&] {
    Picker& picker = *given(balancer, "balancer").picker;
    picker.report(
        given_text(resource_id, "resource_id"),
        verdict_of_status(picker, status, headers_of(given_bytes(headers, size, "headers"))));
    return RP_OK;
  });
}

rp_result rp_describe(const rp_balancer* balancer, rp_text* answer) {
  return call(answer, [&] {
    return say(answer, RP_OK, dump(given(balancer, "balancer").picker->describe()));
  });
}
