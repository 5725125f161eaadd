// The walk of docs/extending.md, "An admin endpoint": what stands there is compiled and run here.
#include <doctest/doctest.h>

#include "control/answer.h"
#include "control/endpoints.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

namespace {

using control::Access;
using control::Plane;
using control::RouteTable;
using control::send_json;

void add_load_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/admin/load", Access::data, [plane](const auto&, httplib::Response& response) {
    const ControlPlaneContext& context = plane->context;
    send_json(response, {{"active_exchanges", context.active_exchanges()},
                         {"open_sockets", context.open_sockets()}});
  });
}

struct AddedEndpoint : ControlPlaneFixture {
  AddedEndpoint() { add_load_endpoint(routes, std::make_shared<Plane>(context())); }

  httplib::Response ask(const std::string& method, const httplib::Headers& headers = {}) const {
    httplib::Request request;
    request.method = method;
    request.path = "/admin/load";
    request.headers = headers;
    httplib::Response response;
    routes.dispatch(request, response);
    return response;
  }

  RouteTable routes{config};
};

}  // namespace

TEST_CASE_FIXTURE(AddedEndpoint, "a handler says what it answers") {
  const auto answer = ask("GET");
  CHECK(answer.status == 200);
  CHECK(Json::parse(answer.body) == Json{{"active_exchanges", 3}, {"open_sockets", 5}});
  CHECK(answer.get_header_value("Cache-Control") == "no-store");
}

TEST_CASE_FIXTURE(AddedEndpoint, "the table does the rest: HEAD, other methods, access") {
  CHECK(ask("HEAD").status == 200);
  CHECK(ask("DELETE").status == 405);
  CHECK(ask("DELETE").get_header_value("Allow") == "GET, HEAD");
  config.admin_protect = AdminProtection::all;
  config.admin_token = Secret("correct-horse-battery");
  CHECK(ask("GET").status == 401);
  CHECK(ask("GET", {{"Authorization", "Bearer correct-horse-battery"}}).status == 200);
}

TEST_CASE_FIXTURE(AddedEndpoint, "what a handler throws is an answer, without the words of SQL") {
  routes.get("/admin/load/broken", Access::data,
             [](const auto&, httplib::Response&) { throw StorageError("no such table: secret"); });
  httplib::Request request;
  request.method = "GET";
  request.path = "/admin/load/broken";
  httplib::Response response;
  routes.dispatch(request, response);
  CHECK(response.status == 503);
  CHECK(error_of(response)["code"] == "database_unavailable");
  CHECK(response.body.find("secret") == std::string::npos);
}

}  // namespace responses_proxy::testing
