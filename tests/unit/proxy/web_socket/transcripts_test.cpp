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

TEST_CASE("bytes are those that are kept, whatever came before, and never over the limit") {
  Transcripts transcripts(50);
  const std::string lanes[] = {"", "a", "b", "c"};
  std::string known[4];
  unsigned step = 7;
  for (int i = 0; i < 2000; ++i) {
    step = step * 1103515245U + 12345U;
    const std::size_t lane = (step >> 16) % 4;
    const std::string items((step >> 20) % 60, 'x');
    const std::string id = "resp_" + std::to_string(i);
    if ((step >> 8) % 5 == 0) {
      transcripts.forget(lanes[lane]);
    } else if ((step >> 8) % 2 == 0 || !transcripts.is_latest(lanes[lane], known[lane])) {
      transcripts.start(lanes[lane], id, items);
      known[lane] = id;
    } else {
      transcripts.extend(lanes[lane], id, items);
      known[lane] = id;
    }
    std::size_t kept = 0;
    for (std::size_t each = 0; each < 4; ++each) {
      const std::string* found = transcripts.find(known[each]);
      if (found != nullptr) kept += found->size();
    }
    REQUIRE(transcripts.bytes() == kept);
    REQUIRE(kept <= 50);
  }
  for (const std::string& lane : lanes) transcripts.forget(lane);
  CHECK(transcripts.bytes() == 0);
}

TEST_CASE("with no room at all nothing is kept") {
  Transcripts transcripts(0);
  transcripts.start("", "resp_1", "1");
  CHECK(transcripts.find("resp_1") == nullptr);
  transcripts.start("", "resp_2", "");
  CHECK(transcripts.find("resp_2") != nullptr);
  CHECK(transcripts.bytes() == 0);
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
