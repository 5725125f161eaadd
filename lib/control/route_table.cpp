#include "control/route_table.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "control/answer.h"
#include "storage/record_queries.h"

namespace responses_proxy::control {

namespace {

void call(const RouteTable::Handler& handler, const httplib::Request& request,
          httplib::Response& response) {
  try {
    handler(request, response);
  } catch (const InvalidCursor&) {
    send_error(
        response,
        Error::invalid_request(
            "invalid_parameter",
            "cursor must be the next_cursor of this list's page before, with the same filters.",
            "cursor"));
  } catch (const StorageError&) {
    // The store's own words may hold SQL.
    send_error(response, Error::unavailable(503, "database_unavailable",
                                            "The database of the records does not answer."));
  } catch (const std::exception&) {
    send_error(response,
               Error::unavailable(500, "internal_error", "The control plane failed to answer."));
  }
}

}  // namespace

void RouteTable::get(std::string path, Access access, Handler handler) {
  paths_[std::move(path)].emplace("GET", Endpoint{access, std::move(handler)});
}

void RouteTable::post(std::string path, Access access, Handler handler) {
  paths_[std::move(path)].emplace("POST", Endpoint{access, std::move(handler)});
}

void RouteTable::dispatch(const httplib::Request& request, httplib::Response& response) const {
  const auto path = paths_.find(request.path);
  if (path == paths_.end()) return send_error(response, error_of_status(404, request));
  const Methods& methods = path->second;
  const auto method = methods.find(request.method == "HEAD" ? "GET" : request.method);
  if (method == methods.end()) {
    std::string allowed;
    for (const auto& [name, endpoint] : methods) {
      allowed += (allowed.empty() ? "" : ", ") + (name == "GET" ? "GET, HEAD" : name);
    }
    response.set_header("Allow", allowed);
    return send_error(response, Error{405,
                                      "invalid_request_error",
                                      "method_not_allowed",
                                      fmt::format("{} is not a method of {}; it takes {}.",
                                                  request.method, request.path, allowed),
                                      "",
                                      {}});
  }
  const Endpoint& endpoint = method->second;
  if (const auto error = refusal(request, endpoint.access, config_)) {
    if (error->status == 401) response.set_header("WWW-Authenticate", "Bearer");
    return send_error(response, *error);
  }
  call(endpoint.handler, request, response);
}

}  // namespace responses_proxy::control
