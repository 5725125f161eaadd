// A host of the C interface: gives texts back, and ends what it has made.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/json.h"
#include "responses_proxy/responses_proxy_c.h"

namespace responses_proxy::testing {

// What a call has said.
struct Said {
  rp_result result = RP_FAILED;
  std::string text;

  Json json() const { return Json::parse(text, nullptr, false); }
};

template <class Function, class... Arguments>
Said say(Function function, Arguments... arguments) {
  rp_text answer{nullptr, 7};
  Said said;
  said.result = function(arguments..., &answer);
  if (answer.data != nullptr) {
    CHECK(answer.data[answer.size] == '\0');
    said.text.assign(answer.data, answer.size);
  } else {
    CHECK(answer.size == 0);
  }
  rp_text_free(&answer);
  CHECK(answer.data == nullptr);
  return said;
}

class CHost {
 public:
  explicit CHost(std::string_view setup) {
    created = say(rp_create, setup.data(), setup.size(), &balancer);
  }
  ~CHost() {
    rp_translation_destroy(translation);
    rp_lease_destroy(lease);
    rp_destroy(balancer);
  }
  CHost(const CHost&) = delete;
  CHost& operator=(const CHost&) = delete;

  Said pick(std::string_view wish = "") {
    rp_lease_destroy(lease);
    return say(rp_pick, balancer, wish.data(), wish.size(), &lease);
  }
  Said finish(int status, std::string_view headers = "") {
    return say(rp_finish, lease, status, headers.data(), headers.size(), std::int64_t{5});
  }
  Said translate(std::string_view body, std::string_view request = "") {
    rp_translation_destroy(translation);
    return say(rp_translate, lease, request.data(), request.size(), body.data(), body.size(),
               &translation);
  }
  Said head(int status, std::string_view headers) {
    return say(rp_answer_head, translation, status, headers.data(), headers.size());
  }
  Said read(std::string_view bytes) {
    return say(rp_answer_read, translation, bytes.data(), bytes.size());
  }
  Said end() { return say(rp_answer_finish, translation); }
  Said facts() { return say(rp_answer_facts, translation); }
  Json resource(std::string_view id) {
    const Json told = say(rp_describe, balancer).json();
    for (const Json& one : told["resources"]) {
      if (one["id"] == id) return one;
    }
    return nullptr;
  }

  Said created;
  rp_balancer* balancer = nullptr;
  rp_lease* lease = nullptr;
  rp_translation* translation = nullptr;
};

}  // namespace responses_proxy::testing
