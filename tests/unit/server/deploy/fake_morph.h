// Morph's API as far as deployments go: instances, their services, and what was asked.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "server/http_call.h"

namespace responses_proxy::testing {

class FakeMorph {
 public:
  HttpSend sender() {
    return [this](const HttpCall& call) { return answer(call); };
  }

  void add_instance(const std::string& id, Json metadata) {
    instances[id] = {{"id", id}, {"status", "ready"}, {"metadata", std::move(metadata)}};
  }

  // "POST /instance/morphvm_1/exec", in order; readyz of an instance is "GET readyz".
  std::vector<std::string> calls;
  std::vector<std::string> scripts;
  std::vector<HttpCall> sent;
  std::map<std::string, Json> instances;
  // Answers in place of the next one to a call that begins like this.
  std::vector<std::pair<std::string, HttpAnswer>> instead;
  int pending_polls = 1;  // until a new instance is ready
  bool serves = true;
  int exec_exit_code = 0;
  bool start_is_lost = false;  // the instance starts, the answer does not come

 private:
  static HttpAnswer json(const Json& body, int status = 200) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = dump(body);
    return answer;
  }

  HttpAnswer answer(const HttpCall& call) {
    sent.push_back(call);
    const std::string path = call.url.substr(call.url.find('/', 8));
    if (path == "/readyz") {
      calls.push_back("GET readyz");
      return json({{"status", "ready"}}, serves ? 200 : 503);
    }
    const std::string what = call.method + " " + path.substr(std::string("/api").size());
    calls.push_back(what);
    for (auto it = instead.begin(); it != instead.end(); ++it) {
      if (!what.starts_with(it->first)) continue;
      const HttpAnswer given = it->second;
      instead.erase(it);
      return given;
    }
    return by_path(what, Json::parse(call.body, nullptr, false));
  }

  HttpAnswer by_path(const std::string& what, const Json& body) {
    if (what.starts_with("GET /instance?metadata%5Bservice%5D=")) return list();
    if (what.starts_with("POST /instance?snapshot_id=")) return start(body);
    if (what.starts_with("POST /snapshot")) {
      return json({{"id", "snapshot_made"}, {"status", "pending"}});
    }
    if (what.starts_with("GET /snapshot/")) {
      return json({{"id", "snapshot_made"}, {"status", "ready"}});
    }
    const std::size_t begin = what.find("/instance/") + std::string("/instance/").size();
    const std::size_t end = std::min(what.find('/', begin), what.size());
    const auto found = instances.find(what.substr(begin, end - begin));
    if (found == instances.end()) return json({{"detail", "Instance not found"}}, 404);
    if (what.starts_with("DELETE")) {
      instances.erase(found);
      return json(Json::object());
    }
    return of_instance(found->second, what.substr(end), body);
  }

  HttpAnswer list() {
    Json data = Json::array();
    for (const auto& [id, instance] : instances) data.push_back(instance);
    return json({{"object", "list"}, {"data", data}});
  }

  HttpAnswer start(const Json& body) {
    const std::string id = fmt::format("morphvm_new{}", ++started_);
    instances[id] = {{"id", id}, {"status", "pending"}, {"metadata", body["metadata"]}};
    if (start_is_lost) return {};
    return json(instances[id]);
  }

  HttpAnswer of_instance(Json& instance, const std::string& path, const Json& body) {
    if (path.empty()) {
      if (instance["status"] == "pending" && --pending_polls < 0) instance["status"] = "ready";
      return json(instance);
    }
    if (path == "/exec") {
      scripts.push_back(body["command"][0]);
      return json(
          {{"exit_code", exec_exit_code}, {"stdout", ""}, {"stderr", "told by the script"}});
    }
    if (path == "/ssh/key") return json({{"private_key", "key of the instance"}});
    if (path == "/http") {
      instance["networking"]["http_services"] = Json::array(
          {{{"name", body["name"]}, {"port", body["port"]}, {"url", "https://rp-new.example"}}});
    }
    if (path == "/metadata") instance["metadata"] = body;
    return json(instance);
  }

  int started_ = 0;
};

}  // namespace responses_proxy::testing
