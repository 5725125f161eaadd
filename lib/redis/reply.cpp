#include "redis/reply.h"

#include <algorithm>
#include <iterator>

namespace responses_proxy {

namespace {

constexpr std::string_view kRefusals[] = {"LOADING",  "NOAUTH",     "WRONGPASS",  "NOPERM",
                                          "READONLY", "OOM",        "MASTERDOWN", "CLUSTERDOWN",
                                          "MOVED",    "NOREPLICAS", "MISCONF",    "BUSY"};

}  // namespace

std::string problem_of(const redisReply& error) {
  const std::string_view text = text_of(error);
  return std::string(text.substr(0, text.find(", with args")));
}

bool refuses_service(const redisReply& reply) {
  if (!is_error(reply)) return false;
  const std::string_view text = text_of(reply);
  const std::string_view code = text.substr(0, text.find(' '));
  return std::find(std::begin(kRefusals), std::end(kRefusals), code) != std::end(kRefusals);
}

}  // namespace responses_proxy
