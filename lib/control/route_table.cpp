#include "control/route_table.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "control/answer.h"
#include "responses_proxy/record_queries.h"

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
                                            "The database of records and registrations does not "
                                            "answer. Requests go on, and their records wait. Try "
                                            "again; the log says what is wrong with it."));
  } catch (const std::exception&) {
    send_error(response, internal_error(500, request));
  }
}

}  // namespace

void RouteTable::get(std::string path, Access access, Handler handler) {
  add("GET", std::move(path), access, std::move(handler));
}

void RouteTable::post(std::string path, Access access, Handler handler) {
  add("POST", std::move(path), access, std::move(handler));
}

void RouteTable::add(std::string method, std::string path, Access access, Handler handler) {
  paths_[std::move(path)].emplace(std::move(method), Endpoint{access, std::move(handler)});
}

std::vector<const RouteTable::Methods*> RouteTable::methods_of(std::string_view path) const {
  std::vector<const Methods*> found;
  if (const auto exact = paths_.find(path); exact != paths_.end()) found.push_back(&exact->second);
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    if (slash + 1 == path.size()) continue;  // nothing follows it
    const auto below = paths_.find(std::string(path.substr(0, slash + 1)) + "*");
    if (below != paths_.end()) found.push_back(&below->second);
  }
  return found;
}

std::vector<std::string> RouteTable::paths() const {
  std::vector<std::string> all;
  for (const auto& [path, methods] : paths_) all.push_back(path);
  return all;
}

void RouteTable::dispatch(const httplib::Request& request, httplib::Response& response) const {
  const auto known = methods_of(request.path);
  if (known.empty()) return send_error(response, error_of_status(404, request));
  const Endpoint* endpoint = nullptr;
  std::string allowed;
  for (const Methods* methods : known) {
    const auto method = methods->find(request.method == "HEAD" ? "GET" : request.method);
    if (method != methods->end() && endpoint == nullptr) endpoint = &method->second;
    for (const auto& [name, unused] : *methods) {
      allowed += (allowed.empty() ? "" : ", ") + (name == "GET" ? "GET, HEAD" : name);
    }
  }
  if (endpoint == nullptr) {
    response.set_header("Allow", allowed);
    return send_error(response, Error::refused(405, "method_not_allowed",
                                               fmt::format("{} is not a method of {}; it takes {}.",
                                                           request.method, request.path, allowed)));
  }
  if (const auto error = refusal(request, endpoint->access, config_)) {
    if (error->status == 401) response.set_header("WWW-Authenticate", "Bearer");
    return send_error(response, *error);
  }
  if (request.method != "HEAD" && request.method != "GET" && request.is_multipart_form_data()) {
    return send_error(response, Error::refused(415, "unsupported_media_type",
                                               fmt::format("{} {} takes no multipart/form-data: "
                                                           "send JSON, as application/json.",
                                                           request.method, request.path)));
  }
  call(endpoint->handler, request, response);
}

}  // namespace responses_proxy::control
