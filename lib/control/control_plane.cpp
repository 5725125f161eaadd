#include "responses_proxy/control_plane.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/own_request.h"

namespace responses_proxy {

namespace {

using control::RouteTable;

constexpr char kAnyPath[] = R"([\s\S]*)";
constexpr std::array<std::string_view, 7> kRoutedMethods = {"GET", "HEAD",  "OPTIONS", "POST",
                                                            "PUT", "PATCH", "DELETE"};

// The body is read even if nobody wants it: closing on unread bytes would reset the connection and
// could cost the client its answer. Without a length there is none, which the HTTP library would
// wait for.
bool read_body(const httplib::Request& request, const httplib::ContentReader& reader,
               std::string& body) {
  if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) {
    return true;
  }
  if (request.is_multipart_form_data()) {  // its parts go nowhere: see RouteTable
    reader([](const httplib::MultipartFormData&) { return true; },
           [](const char*, std::size_t) { return true; });
    return true;
  }
  return reader([&body](const char* bytes, std::size_t size) {
    body.append(bytes, size);
    return true;
  });
}

// Nothing here is given out in parts. RFC 9110 section 14.2: a server may ignore Range. The library
// obeys it behind our back, with what it has read of it into the request, which is its own.
void ignore_range(const httplib::Request& request) {
  const_cast<httplib::Request&>(request).ranges.clear();  // NOLINT(*-const-cast)
}

// TRACE, and what the library does not know: it has refused the request with the words of one that
// cannot be read.
bool has_another_method(const httplib::Request& request) {
  return request.target.starts_with('/') && request.version.starts_with("HTTP/1.") &&
         std::find(kRoutedMethods.begin(), kRoutedMethods.end(), request.method) ==
             kRoutedMethods.end();
}

void route_all(httplib::Server& server, const std::shared_ptr<const RouteTable>& routes) {
  const auto serve = [routes](const httplib::Request& own, httplib::Response& response) {
    response.set_header("X-Content-Type-Options", "nosniff");
    routes->dispatch(own, response);
  };
  const auto plain = [serve](const httplib::Request& request, httplib::Response& response) {
    ignore_range(request);
    serve(control::own_request(request), response);
  };
  const auto with_body = [serve](const httplib::Request& request, httplib::Response& response,
                                 const httplib::ContentReader& reader) {
    ignore_range(request);
    httplib::Request own = control::own_request(request);
    if (read_body(request, reader, own.body)) return serve(own, response);
    int status = response.status >= 400 ? response.status : 400;
    if (status == 400 && request.has_header("Content-Encoding")) status = 415;
    control::send_error(response, control::error_of_status(status, request));
  };
  server.Get(kAnyPath, plain);
  server.Options(kAnyPath, plain);
  server.Post(kAnyPath, with_body);
  server.Put(kAnyPath, with_body);
  server.Patch(kAnyPath, with_body);
  server.Delete(kAnyPath, with_body);
  server.set_error_handler([routes](const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    // No endpoint has such a method: this comes to 404 or 405, whatever has been read of the
    // fields.
    if (has_another_method(request)) {
      return routes->dispatch(control::own_request(request), response);
    }
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
