// The pages: / (dashboard), /docs, what they load under /assets/, and /openapi.json
#include <string>

#include "control/answer.h"
#include "control/assets.h"
#include "control/endpoints.h"

namespace responses_proxy::control {

namespace {

// Files of this server and nothing else, whatever text ends up in the page: no inline script or
// style, no text that becomes markup.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

const char* content_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".json")) return "application/json";
  return "text/plain; charset=utf-8";
}

void send_asset(httplib::Response& response, const Asset& asset) {
  response.status = 200;
  response.set_header("Cache-Control", "no-cache");
  response.set_content(asset.bytes.data(), asset.bytes.size(), content_type(asset.name));
}

void add_page(RouteTable& routes, const char* path, const Asset& page) {
  routes.get(path, Access::open, [page](const auto&, httplib::Response& response) {
    response.set_header("Content-Security-Policy", kContentSecurityPolicy);
    response.set_header("Referrer-Policy", "no-referrer");
    send_asset(response, page);
  });
}

}  // namespace

void add_pages(RouteTable& routes) {
  add_page(routes, "/", {"dashboard.html", kDashboardHtml});
  add_page(routes, "/docs", {"docs.html", kDocsHtml});
  routes.get("/openapi.json", Access::open, [](const auto&, httplib::Response& response) {
    send_asset(response, {"openapi.json", kOpenapiJson});
  });
  for (const Asset& asset : kServedAssets) {
    routes.get("/assets/" + std::string(asset.name), Access::open,
               [&asset](const auto&, httplib::Response& response) { send_asset(response, asset); });
  }
}

}  // namespace responses_proxy::control
