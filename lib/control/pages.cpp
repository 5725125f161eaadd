// The pages: / (dashboard), /docs and /openapi.json
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <string>

#include "control/answer.h"
#include "control/assets.h"
#include "control/endpoints.h"

namespace responses_proxy::control {

namespace {

std::string base64_sha256(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

// What stands between <tag> and </tag>.
std::string_view element(std::string_view html, const std::string& tag) {
  const std::size_t begin = html.find("<" + tag + ">") + tag.size() + 2;
  return html.substr(begin, html.find("</" + tag + ">", begin) - begin);
}

// Runs the page's own script and nothing else, whatever text ends up in the page.
std::string content_security_policy(std::string_view html) {
  return "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'; script-src 'sha256-" +
         base64_sha256(element(html, "script")) + "'; style-src 'sha256-" +
         base64_sha256(element(html, "style")) + "'";
}

void add_page(RouteTable& routes, const char* path, std::string_view html) {
  routes.get(path, Access::open,
             [html, policy = content_security_policy(html)](const auto&, auto& response) {
               response.status = 200;
               response.set_header("Content-Security-Policy", policy);
               response.set_header("Referrer-Policy", "no-referrer");
               response.set_header("Cache-Control", "no-cache");
               response.set_content(html.data(), html.size(), "text/html; charset=utf-8");
             });
}

}  // namespace

void add_pages(RouteTable& routes) {
  add_page(routes, "/", kDashboardHtml);
  add_page(routes, "/docs", kDocsHtml);
  routes.get("/openapi.json", Access::open, [](const auto&, httplib::Response& response) {
    response.status = 200;
    response.set_header("Cache-Control", "no-cache");
    response.set_content(kOpenapiJson.data(), kOpenapiJson.size(), "application/json");
  });
}

}  // namespace responses_proxy::control
