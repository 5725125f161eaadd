#include "server/http_call.h"

#include <curl/curl.h>

#include <memory>

namespace responses_proxy {

namespace {

constexpr Millis kConnectTimeout{10'000};
constexpr const char* kDirect = "localhost,127.0.0.1,::1";

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

std::size_t keep(char* data, std::size_t size, std::size_t count, void* text) {
  auto& body = *static_cast<std::string*>(text);
  if (body.size() + size * count > HttpAnswer::kMaxAnswerBytes) return 0;  // ends the transfer
  body.append(data, size * count);
  return size * count;
}

List list_of(const std::vector<std::string>& headers) {
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  return List(list);
}

void set_body(CURL* easy, const HttpCall& call) {
  if (call.method == "GET") return;
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.body.empty() && call.method != "POST") return;
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
}

void set_own_tls(CURL* easy, const OwnTls& own) {
  if (own.certificate.empty()) return;
  curl_easy_setopt(easy, CURLOPT_CAINFO, own.certificate.c_str());
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLCERT, own.certificate.c_str());
  curl_easy_setopt(easy, CURLOPT_SSLKEY, own.key.c_str());
}

}  // namespace

HttpAnswer http_call(const HttpCall& call) {
  HttpAnswer answer;
  const Easy easy(curl_easy_init());
  const List headers = list_of(call.headers);
  curl_easy_setopt(easy.get(), CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(kConnectTimeout.count()));
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &keep);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer.body);
  set_own_tls(easy.get(), call.own_tls);
  const bool proxied = call.url.starts_with("https://") && call.own_tls.certificate.empty();
  if (!proxied) curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, kDirect);
  set_body(easy.get(), call);
  const CURLcode result = curl_easy_perform(easy.get());
  if (result != CURLE_OK) {
    answer.problem = curl_easy_strerror(result);
    return answer;
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &seconds);
  answer.retry_after = Millis(seconds * 1'000);
  return answer;
}

}  // namespace responses_proxy
