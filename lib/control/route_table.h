// RouteTable: every endpoint of the control plane, and the one place each request passes.
//
// Role       Finds the endpoint, checks access, turns what a handler throws into an answer.
// Threads    Filled before the server listens; read-only after that.
#pragma once

#include <httplib.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "control/guard.h"
#include "responses_proxy/config.h"

namespace responses_proxy::control {

class RouteTable {
 public:
  using Handler = std::function<void(const httplib::Request&, httplib::Response&)>;

  explicit RouteTable(const Config& config) : config_(config) {}

  // GET serves HEAD too.
  void get(std::string path, Access access, Handler handler);
  void post(std::string path, Access access, Handler handler);

  void dispatch(const httplib::Request& request, httplib::Response& response) const;

 private:
  struct Endpoint {
    Access access;
    Handler handler;
  };
  using Methods = std::map<std::string, Endpoint, std::less<>>;

  const Config& config_;
  std::map<std::string, Methods, std::less<>> paths_;
};

}  // namespace responses_proxy::control
