// MorphApi: the calls of Morph Cloud's REST API that a deployment needs.
//
// Role       One function per call, with the API's own words. What may be asked again is asked
//            again where the API is busy or fails for a moment.
// Threads    One.
// Ownership  Owns what sends and pauses.
// Errors     DeployError, with the call, the status and what the API says; never the key.
// Blocking   Until the answer is there: kTries requests at most, and the pauses between them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/secret.h"
#include "server/http_call.h"

namespace responses_proxy {

using Pause = std::function<void(Millis)>;
using Metadata = std::map<std::string, std::string>;

struct MorphInstance {
  std::string id;
  std::string status;  // pending, ready, paused, saving, error
  Metadata metadata;
  std::map<std::string, std::string> http_services;  // name -> URL
};

struct MorphSnapshot {
  std::string id;
  std::string status;  // pending, ready, failed, deleting, deleted
};

struct ExecResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class MorphApi {
 public:
  static constexpr int kTries = 5;
  static constexpr Millis kMaxPause{30'000};

  MorphApi(std::string url, Secret key, HttpSend send, Pause pause);

  std::vector<MorphInstance> instances(const std::string& key, const std::string& value);
  MorphInstance instance(const std::string& id);
  // Not asked again after a failure: that could make a second one. Look for it by its metadata.
  MorphInstance start_instance(const std::string& snapshot_id, const Metadata& metadata,
                               std::chrono::seconds ttl);
  void delete_instance(const std::string& id);  // one that is gone is fine
  MorphSnapshot snapshot(const std::string& id);
  // An equal digest gives the one that is there.
  MorphSnapshot snapshot_of_image(const std::string& image_id, const std::string& digest);
  // By a shell. It may run twice.
  ExecResult exec(const std::string& id, const std::string& script);
  void expose(const std::string& id, const std::string& name, int port);
  void set_metadata(const std::string& id, const Metadata& metadata);
  void keep_for_ever(const std::string& id);
  void wake_on_http(const std::string& id);
  std::string ssh_private_key(const std::string& id);

 private:
  Json call(const std::string& method, const std::string& path, const Json& body = nullptr);
  Json call_once(const std::string& method, const std::string& path, const Json& body);
  HttpAnswer send(const std::string& method, const std::string& path, const Json& body,
                  Millis timeout) const;
  std::string problem(const std::string& method, const std::string& path,
                      const HttpAnswer& answer) const;

  const std::string url_;
  const Secret key_;
  const HttpSend send_;
  const Pause pause_;
};

}  // namespace responses_proxy
