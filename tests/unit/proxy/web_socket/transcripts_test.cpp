#include "proxy/web_socket/transcripts.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("a conversation grows with each response, and only the latest is known") {
  Transcripts transcripts(1000);
  transcripts.start("", "resp_1", R"({"a":1})");
  transcripts.extend("", "resp_2", R"({"b":2})");
  CHECK(transcripts.find("resp_1") == nullptr);
  REQUIRE(transcripts.find("resp_2") != nullptr);
  CHECK(*transcripts.find("resp_2") == R"({"a":1},{"b":2})");
  CHECK(transcripts.is_latest("", "resp_2"));
  CHECK_FALSE(transcripts.is_latest("other", "resp_2"));
}

TEST_CASE("lanes have conversations of their own, found from every lane") {
  Transcripts transcripts(1000);
  transcripts.start("a", "resp_1", "1");
  transcripts.start("b", "resp_2", "2");
  CHECK(*transcripts.find("resp_1") == "1");
  CHECK(*transcripts.find("resp_2") == "2");
  transcripts.forget("a");
  CHECK(transcripts.find("resp_1") == nullptr);
  CHECK(transcripts.find("resp_2") != nullptr);
  transcripts.forget("a");  // nothing there any more
}

TEST_CASE("beyond the limit the lane unused for longest is forgotten") {
  Transcripts transcripts(10);
  transcripts.start("a", "resp_a", "12345");
  transcripts.start("b", "resp_b", "12345");
  transcripts.extend("a", "resp_a2", "6");  // 12 bytes with its comma
  CHECK(transcripts.find("resp_b") == nullptr);
  CHECK(transcripts.find("resp_a2") != nullptr);
  CHECK(transcripts.bytes() == 7);
}

TEST_CASE("a conversation larger than the limit is not kept at all") {
  Transcripts transcripts(10);
  transcripts.start("", "resp_1", "12345");
  transcripts.extend("", "resp_2", "678901234");
  CHECK(transcripts.find("resp_2") == nullptr);
  CHECK(transcripts.bytes() == 0);
  transcripts.start("", "resp_3", "1");
  CHECK(transcripts.find("resp_3") != nullptr);
}

TEST_CASE("lists join with a comma only between items") {
  std::string items;
  append_items(items, "");
  CHECK(items.empty());
  append_items(items, "1");
  append_items(items, "");
  append_items(items, "2,3");
  CHECK(items == "1,2,3");
}

}  // namespace responses_proxy
