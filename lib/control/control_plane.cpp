#include "responses_proxy/control_plane.h"

#include <httplib.h>

#include <memory>

#include "control/answer.h"
#include "control/endpoints.h"

namespace responses_proxy {

namespace {

using control::RouteTable;

constexpr char kAnyPath[] = R"([\s\S]*)";

// The body is read even if nobody wants it: closing on unread bytes would reset the connection and
// could cost the client its answer. Without a length there is none, which the HTTP library would
// wait for.
bool read_body(const httplib::Request& request, const httplib::ContentReader& reader,
               std::string& body) {
  if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) {
    return true;
  }
  return reader([&body](const char* bytes, std::size_t size) {
    body.append(bytes, size);
    return true;
  });
}

void route_all(httplib::Server& server, const std::shared_ptr<const RouteTable>& routes) {
  const auto plain = [routes](const httplib::Request& request, httplib::Response& response) {
    response.set_header("X-Content-Type-Options", "nosniff");
    routes->dispatch(request, response);
  };
  const auto with_body = [plain](const httplib::Request& request, httplib::Response& response,
                                 const httplib::ContentReader& reader) {
    httplib::Request whole = request;
    if (read_body(request, reader, whole.body)) return plain(whole, response);
    const int status = response.status >= 400 ? response.status : 400;
    control::send_error(response, control::error_of_status(status, request));
  };
  server.Get(kAnyPath, plain);
  server.Options(kAnyPath, plain);
  server.Post(kAnyPath, with_body);
  server.Put(kAnyPath, with_body);
  server.Patch(kAnyPath, with_body);
  server.Delete(kAnyPath, with_body);
  server.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    control::send_error(response, control::error_of_status(response.status, request));
  });
}

}  // namespace

void control::add_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  add_health_endpoints(routes, plane);
  add_state_endpoints(routes, plane);
  add_record_endpoints(routes, plane);
  add_timeseries_endpoint(routes, plane);
  add_metrics_endpoint(routes, plane);
  add_registry_endpoints(routes, plane);
  add_provider_test_endpoints(routes, plane);
  add_pages(routes);
}

void configure_control_server(httplib::Server& server) {
  constexpr std::size_t kThreads = ControlPlaneContext::kMaxEventStreams + 8;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // A kept connection would hold a thread while it idles.
  server.set_keep_alive_max_count(1);
  server.set_read_timeout(std::chrono::seconds(5));
  server.set_write_timeout(std::chrono::seconds(5));
  server.set_payload_max_length(control::kMaxBodyBytes);
}

void mount_control_plane(httplib::Server& server, const ControlPlaneContext& context) {
  const auto plane = std::make_shared<control::Plane>(context);
  const auto routes = std::make_shared<RouteTable>(context.config);
  control::add_endpoints(*routes, plane);
  route_all(server, routes);
}

}  // namespace responses_proxy
