#include "dialects/translation/compaction.h"

#include <doctest/doctest.h>

#include "core/base64.h"
#include "unit/dialects/translation/parsed.h"

namespace responses_proxy {

namespace {

const auto kSeal = make_text_seal({Secret(base64(std::string(32, 'a')))});
const auto kReplica =
    make_text_seal({Secret(base64(std::string(32, 'b'))), Secret(base64(std::string(32, 'a')))});
const auto kStranger = make_text_seal({Secret(base64(std::string(32, 'b')))});
constexpr const TextSeal* kNone = nullptr;

}  // namespace

TEST_CASE("compaction: what is sealed opens where the key is, and nowhere else") {
  const std::string content = *sealed_summary({"blue", true}, kSeal.get());
  CHECK(content.starts_with("rpc1:"));
  for (const TextSeal* seal : {kSeal.get(), kReplica.get()}) {
    const auto opened = opened_summary(content, seal, "input");
    REQUIRE(opened);
    CHECK((*opened)->text == "blue");
    CHECK((*opened)->whole);
  }
  for (const TextSeal* seal : {static_cast<const TextSeal*>(kStranger.get()), kNone}) {
    const auto opened = opened_summary(content, seal, "input[3].encrypted_content");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().status == 400);
    CHECK(opened.error().code == "invalid_encrypted_content");
    CHECK(opened.error().param == "input[3].encrypted_content");
  }
}

TEST_CASE("compaction: what was made without a key opens everywhere, also when there is one") {
  const std::string content = *sealed_summary({"blue", false}, nullptr);
  CHECK(content.starts_with("rpc0:"));
  for (const TextSeal* seal : {static_cast<const TextSeal*>(kSeal.get()), kNone}) {
    const auto opened = opened_summary(content, seal, "input");
    REQUIRE(opened);
    CHECK((*opened)->text == "blue");
    CHECK_FALSE((*opened)->whole);
  }
}

TEST_CASE("compaction: what somebody else has made is nothing, what is broken is an error") {
  for (const char* foreign : {"gAAAAA", "", "rp1:00000000:x"}) {
    const auto opened = opened_summary(foreign, kSeal.get(), "input");
    REQUIRE(opened);
    CHECK_FALSE(*opened);
  }
  for (const std::string broken : {"rpc0:!", "rpc0:", "rpc1:", "rpc1:v1:x:y"}) {
    CHECK_FALSE(opened_summary(broken, kSeal.get(), "input"));
  }
  CHECK_FALSE(opened_summary("rpc0:" + base64url("[]"), nullptr, "input"));
}

TEST_CASE("compaction: images count, and what is over the threshold by one is over it") {
  const auto is_over = [](std::string_view threshold) {
    const std::string body = R"({"context_management":[{"type":"compaction","compact_threshold":)" +
                             std::string(threshold) + R"(}],"instructions":"12345678","input":[
          {"role":"user","content":[{"type":"input_image","image_url":"https://x"}]},
          {"role":"assistant","content":"1234"},
          {"type":"function_call","call_id":"c","name":"name","arguments":"{123}12"},
          {"type":"function_call_output","call_id":"c","output":"1"}]})";
    return testing::parsed(body)->conversation().compaction == Compaction::too_long;
  };
  CHECK(is_over("1004"));  // (8 + 4 + 4 + 7 + 1) / 4 + 1000 = 1006
  CHECK(is_over("1005"));
  CHECK_FALSE(is_over("1006"));
  CHECK_FALSE(is_over("null"));
  CHECK_FALSE(is_over("-1"));
}

}  // namespace responses_proxy
