#include "upstream/socket_target.h"

#include <curl/curl.h>

#include <memory>

namespace responses_proxy {

namespace {

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
  return text;
}

}  // namespace

std::optional<SocketTarget> parse_socket_target(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return std::nullopt;

  SocketTarget target;
  target.tls = scheme == "https";
  target.host = part_of(parsed.get(), CURLUPART_HOST);
  target.authority = target.host;
  const std::string given_port = part_of(parsed.get(), CURLUPART_PORT);
  if (!given_port.empty()) target.authority += ":" + given_port;
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
  target.port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.path = part_of(parsed.get(), CURLUPART_PATH);
  const std::string query = part_of(parsed.get(), CURLUPART_QUERY);
  if (!query.empty()) target.path += "?" + query;
  return target;
}

}  // namespace responses_proxy
