#include "server/deploy/morph_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/percent_encoded.h"
#include "core/secret_mask.h"
#include "server/deploy/deploy_error.h"

namespace responses_proxy {

namespace {

constexpr Millis kCallTimeout{60'000};
constexpr Millis kExecTimeout{600'000};
constexpr Millis kFirstPause{1'000};
constexpr std::size_t kMaxTold = 500;

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

MorphInstance instance_of(const Json& json) {
  MorphInstance instance{text_at(json, "id"), text_at(json, "status"), {}, {}};
  if (json.contains("metadata") && json["metadata"].is_object()) {
    for (const auto& [name, value] : json["metadata"].items()) {
      if (value.is_string()) instance.metadata[name] = value.get<std::string>();
    }
  }
  const Json networking = json.value("networking", Json::object());
  if (!networking.contains("http_services") || !networking["http_services"].is_array()) {
    return instance;
  }
  for (const Json& service : networking["http_services"]) {
    instance.http_services[text_at(service, "name")] = text_at(service, "url");
  }
  return instance;
}

MorphSnapshot snapshot_of(const Json& json) {
  return {text_at(json, "id"), text_at(json, "status")};
}

// {"detail": "text"}, or a list of {loc, msg}; else the text itself.
std::string told_by(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("detail")) return body;
  const Json& detail = json["detail"];
  if (detail.is_string()) return detail.get<std::string>();
  if (!detail.is_array()) return dump(detail);
  std::string told;
  for (const Json& one : detail) {
    if (!one.is_object()) continue;
    told += fmt::format("{}{}: {}", told.empty() ? "" : "; ", dump(one.value("loc", Json::array())),
                        text_at(one, "msg"));
  }
  return told;
}

bool passes(const HttpAnswer& answer) {
  return answer.status == 0 || answer.status == 429 || answer.status >= 500;
}

}  // namespace

MorphApi::MorphApi(std::string url, Secret key, HttpSend send, Pause pause)
    : url_(std::move(url)),
      key_(std::move(key)),
      send_(std::move(send)),
      pause_(std::move(pause)) {}

HttpAnswer MorphApi::send(const std::string& method, const std::string& path, const Json& body,
                          Millis timeout) const {
  HttpCall call{.method = method, .url = url_ + path, .timeout = timeout};
  call.headers = {"authorization: Bearer " + key_.reveal(), "content-type: application/json"};
  if (!body.is_null()) call.body = dump(body);
  return send_(call);
}

std::string MorphApi::problem(const std::string& method, const std::string& path,
                              const HttpAnswer& answer) const {
  const std::string told = answer.status == 0 ? answer.problem : told_by(answer.body);
  const SecretMask mask({&key_});
  return fmt::format(
      "{} {}{}: {}", method, url_, path,
      mask.apply(answer.status == 0 ? told : fmt::format("HTTP {}: {}", answer.status, told),
                 kMaxTold));
}

Json MorphApi::call_once(const std::string& method, const std::string& path, const Json& body) {
  const HttpAnswer answer = send(method, path, body, kCallTimeout);
  if (answer.status < 200 || answer.status >= 300) throw DeployError(problem(method, path, answer));
  Json json = Json::parse(answer.body, nullptr, false);
  return json.is_object() ? json : Json::object();
}

Json MorphApi::call(const std::string& method, const std::string& path, const Json& body) {
  const Millis timeout = path.ends_with("/exec") ? kExecTimeout : kCallTimeout;
  Millis wait = kFirstPause;
  for (int left = kTries - 1;; --left) {
    const HttpAnswer answer = send(method, path, body, timeout);
    if (answer.status >= 200 && answer.status < 300) {
      Json json = Json::parse(answer.body, nullptr, false);
      return json.is_object() ? json : Json::object();
    }
    if (method == "DELETE" && answer.status == 404) return Json::object();
    if (!passes(answer) || left == 0) throw DeployError(problem(method, path, answer));
    pause_(std::min(std::max(wait, answer.retry_after), kMaxPause));
    wait *= 2;
  }
}

std::vector<MorphInstance> MorphApi::instances(const std::string& key, const std::string& value) {
  const std::string query =
      fmt::format("/instance?metadata%5B{}%5D={}", percent_encoded(key), percent_encoded(value));
  const Json answer = call("GET", query);
  std::vector<MorphInstance> found;
  if (!answer.contains("data") || !answer["data"].is_array()) return found;
  for (const Json& one : answer["data"]) {
    MorphInstance instance = instance_of(one);
    // Never one that is not ours, whatever the API makes of the query.
    const auto mark = instance.metadata.find(key);
    if (mark == instance.metadata.end() || mark->second != value) continue;
    found.push_back(std::move(instance));
  }
  return found;
}

MorphInstance MorphApi::instance(const std::string& id) {
  return instance_of(call("GET", "/instance/" + id));
}

MorphInstance MorphApi::start_instance(const std::string& snapshot_id, const Metadata& metadata,
                                       std::chrono::seconds ttl) {
  MorphInstance started = instance_of(
      call_once("POST", "/instance?snapshot_id=" + percent_encoded(snapshot_id),
                {{"metadata", metadata}, {"ttl_seconds", ttl.count()}, {"ttl_action", "stop"}}));
  if (started.id.empty()) throw DeployError("the API started an instance without an id");
  return started;
}

void MorphApi::delete_instance(const std::string& id) {
  call("DELETE", "/instance/" + id);
}

MorphSnapshot MorphApi::snapshot(const std::string& id) {
  return snapshot_of(call("GET", "/snapshot/" + id));
}

MorphSnapshot MorphApi::snapshot_of_image(const std::string& image_id, const std::string& digest) {
  return snapshot_of(call("POST", "/snapshot", {{"image_id", image_id}, {"digest", digest}}));
}

ExecResult MorphApi::exec(const std::string& id, const std::string& script) {
  const Json answer =
      call("POST", fmt::format("/instance/{}/exec", id), {{"command", Json::array({script})}});
  const auto code = answer.find("exit_code");
  const bool ended = code != answer.end() && code->is_number_integer();
  return {ended ? code->get<int>() : -1, text_at(answer, "stdout"), text_at(answer, "stderr")};
}

void MorphApi::expose(const std::string& id, const std::string& name, int port) {
  call("POST", fmt::format("/instance/{}/http", id), {{"name", name}, {"port", port}});
}

void MorphApi::set_metadata(const std::string& id, const Metadata& metadata) {
  call("POST", fmt::format("/instance/{}/metadata", id), Json(metadata));
}

void MorphApi::keep_for_ever(const std::string& id) {
  call("POST", fmt::format("/instance/{}/ttl", id), {{"ttl_seconds", nullptr}});
}

void MorphApi::wake_on_http(const std::string& id) {
  call("POST", fmt::format("/instance/{}/wake-on", id), {{"wake_on_http", true}});
}

std::string MorphApi::ssh_private_key(const std::string& id) {
  const std::string key =
      text_at(call("GET", fmt::format("/instance/{}/ssh/key", id)), "private_key");
  if (key.empty()) throw DeployError("the API gave no SSH key for the instance " + id);
  return key;
}

}  // namespace responses_proxy
