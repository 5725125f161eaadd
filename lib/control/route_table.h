// RouteTable: every endpoint of the control plane, and the one place each request passes.
//
// Role       Finds the endpoint, checks access, turns what a handler throws into an answer. A path
//            that ends in "/*" stands for all that are longer; one that is there itself goes first,
//            as far as it has the method.
// Threads    Filled before the server listens; read-only after that.
#pragma once

#include <httplib.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
  void add(std::string method, std::string path, Access access, Handler handler);

  std::vector<std::string> paths() const;

  void dispatch(const httplib::Request& request, httplib::Response& response) const;

 private:
  struct Endpoint {
    Access access;
    Handler handler;
  };
  using Methods = std::map<std::string, Endpoint, std::less<>>;

  // Those of the path, then those of the path that stands for it and others.
  std::vector<const Methods*> methods_of(std::string_view path) const;

  const Config& config_;
  std::map<std::string, Methods, std::less<>> paths_;
};

}  // namespace responses_proxy::control
