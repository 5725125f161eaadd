#include "traces/otlp_post.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "responses_proxy/version.h"

namespace responses_proxy {

namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Nobody reads what the collector says beside its status.
std::size_t ignore(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

class Poster {
 public:
  explicit Poster(OtlpEndpoint endpoint) : endpoint_(std::move(endpoint)), easy_(curl_easy_init()) {
    add_header("content-type: application/json");
    add_header("expect:");  // a collector has to say nothing before the body
    for (const auto& [name, value] : endpoint_.headers) add_header(name + ": " + value);
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, endpoint_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(kOtlpTimeout.count()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, fmt::format("rp-server/{}", kVersion).c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ignore);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
  }

  OtlpOutcome post(const std::string& json, std::string& problem) {
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json.c_str());
    const CURLcode result = curl_easy_perform(easy);
    if (result != CURLE_OK) {
      problem = curl_easy_strerror(result);
      return OtlpOutcome::later;
    }
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2) return OtlpOutcome::taken;
    problem = fmt::format("HTTP {}", status);
    // https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
    const bool retryable = status == 429 || status == 502 || status == 503 || status == 504;
    return retryable ? OtlpOutcome::later : OtlpOutcome::refused;
  }

 private:
  void add_header(const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  }

  const OtlpEndpoint endpoint_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  const std::unique_ptr<CURL, FreeEasy> easy_;
};

}  // namespace

OtlpTracer::Send post_to(OtlpEndpoint endpoint) {
  return [poster = std::make_shared<Poster>(std::move(endpoint))](
             const std::string& json, std::string& problem) { return poster->post(json, problem); };
}

}  // namespace responses_proxy
