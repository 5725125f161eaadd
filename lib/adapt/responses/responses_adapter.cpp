// ProviderAdapter `responses`: the passthrough. The client's bytes go up and the upstream's come
// down; only credentials, hop-by-hop headers and the request id change.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "adapt/headers.h"
#include "adapt/responses/json_answer_reader.h"
#include "adapt/responses/sse_answer_reader.h"
#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

namespace {

class ResponsesAdapter final : public ProviderAdapter {
 public:
  std::string_view name() const override { return "responses"; }

  Result<AdaptedRequest> adapt_request(const Request& request,
                                       const Resource& resource) const override {
    AdaptedRequest adapted;
    // What the GET would have said; the listener leaves the body out. Not every provider knows
    // HEAD.
    adapted.method = request.method == "HEAD" ? "GET" : request.method;
    adapted.url = resource.base_url;
    std::string_view path = request.path;
    // The base URL ends in its own "/v1" (or whatever the provider uses instead).
    if (path.starts_with("/v1")) path.remove_prefix(3);
    adapted.url.append(path);
    if (!request.query.empty()) adapted.url.append("?").append(request.query);
    adapted.headers = forwarded_request_headers(request.headers);
    adapted.headers.add("Authorization", fmt::format("Bearer {}", resource.credential.reveal()));
    return adapted;
  }

  std::unique_ptr<AnswerReader> adapt_answer(int status, Headers& head) const override {
    const bool readable = head.get("content-encoding").empty();
    constexpr std::string_view kEventStream = "text/event-stream";
    const bool event_stream =
        equals_ignore_case(head.get("content-type").substr(0, kEventStream.size()), kEventStream);
    head = forwarded_response_headers(head);
    if (event_stream && readable) return std::make_unique<SseAnswerReader>();
    using Learn = JsonAnswerReader::Learn;
    const Learn learn = status < 300 ? Learn::object : Learn::error;
    return std::make_unique<JsonAnswerReader>(readable ? learn : Learn::nothing);
  }
};

}  // namespace

std::unique_ptr<ProviderAdapter> make_responses_adapter() {
  return std::make_unique<ResponsesAdapter>();
}

}  // namespace responses_proxy
