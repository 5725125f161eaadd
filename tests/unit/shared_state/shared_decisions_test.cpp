#include "shared_state/shared_decisions.h"

#include <doctest/doctest.h>

#include "shared_state/missed_affinities.h"

using namespace responses_proxy;

TEST_CASE("a decision comes back as it was") {
  const Decision decision{"req-1",
                          "session \"1\"",
                          "名",
                          "openai-1",
                          SelectionReason::failover,
                          WallTime(std::chrono::microseconds(1'795'219'200'123'456))};
  const auto back = decode_decision(encode_decision(decision));
  REQUIRE(back);
  CHECK(back->request_id == decision.request_id);
  CHECK(back->session_id == decision.session_id);
  CHECK(back->session_name == decision.session_name);
  CHECK(back->resource_id == decision.resource_id);
  CHECK(back->reason == decision.reason);
  CHECK(back->created_at == decision.created_at);
}

TEST_CASE("a reason that this version does not know is kept, what else there is passed over") {
  const auto decision = decode_decision(R"(["a","b","c","d","round_robin",0,{"new":1}])");
  REQUIRE(decision);
  CHECK(decision->reason.text() == "round_robin");
}

TEST_CASE("what is no decision is left out") {
  for (const char* text : {"", "{}", "[]", R"(["a","b","c","d","e"])", R"(["a","b","c","d",0,0])",
                           R"([1,"b","c","d","e",0])", R"(["a","b","c","d","e","0"])"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_decision(text));
  }
  CHECK(decode_decision(R"(["a","b","c","d","e",0])"));
  CHECK(decode_decision(R"(["a","b","c","d","e",0,"of a later version"])"));
}

TEST_CASE("missed affinities: the oldest first, the oldest out") {
  MissedAffinities missed;
  for (std::size_t i = 0; i < MissedAffinities::kCapacity + 2; ++i) {
    missed.add({AffinityKind::session, std::to_string(i)});
  }
  CHECK(missed.lost() == 2);
  const auto first = missed.take(3);
  REQUIRE(first.size() == 3);
  CHECK(first[0].id == "2");
  CHECK(first[2].id == "4");
  CHECK(missed.take(MissedAffinities::kCapacity).size() == MissedAffinities::kCapacity - 3);
  CHECK(missed.take(1).empty());
}
