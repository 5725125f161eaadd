#include "server/demo.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "config/resources.h"
#include "server/server.h"

namespace responses_proxy {

namespace {

constexpr int kDemoKeys = 3;
constexpr const char* kSmokeRequest =
    R"({"model":"demo-model","input":"Reply with exactly: smoke ok",)"
    R"("metadata":{"session_id":"demo-1","session_name":"demo"}})";

std::size_t append_to(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// POSTs the smoke request; the status, 0 if there was no answer.
long post(const std::string& url, std::string& answer) {
  CURL* easy = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "content-type: application/json");
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, kSmokeRequest);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &append_to);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  long status = 0;
  if (curl_easy_perform(easy) == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  return status;
}

}  // namespace

DemoSetup::DemoSetup(Config& config) : random_(random_seed()), upstream_(clock_, random_) {
  auto base_url = upstream_.start();
  if (!base_url) throw std::runtime_error(base_url.error().message);
  config.upstream_base_url = *base_url;
  config.resources.clear();
  for (int i = 1; i <= kDemoKeys; ++i) {
    Resource resource;
    resource.name = fmt::format("openai-{}", i);
    resource.provider_id = "environment";
    resource.pool_id = "openai-default";
    resource.base_url = *base_url;
    resource.credential = Secret(fmt::format("sk-demo-{}", i));
    resource.id = config::resource_id(resource.base_url, resource.credential);
    config.resources.push_back(std::move(resource));
  }
}

int run_demo(Config config) {
  DemoSetup demo(config);
  config.port = 0;
  config.client_tokens.clear();
  config.telemetry_spool_bytes = 0;  // a server may run beside it, on the same one
  Server server(config, [](const LogEvent& event) { fmt::print(stderr, "{}\n", event.message); });
  server.start();
  const std::string url = server.url() + "/v1/responses";
  fmt::print("POST {}\n{}\n\n", url, kSmokeRequest);
  std::string answer;
  const long status = post(url, answer);
  fmt::print("HTTP {}\n{}\n", status, answer);
  server.stop();
  return status == 200 ? 0 : 1;
}

}  // namespace responses_proxy
