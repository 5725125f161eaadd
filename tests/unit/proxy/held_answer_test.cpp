#include "proxy/held_answer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace responses_proxy {

namespace {

struct Given final : AnswerSink {
  void event(const AnswerEvent& event) override {
    pieces.push_back(std::string(event.type) + "|" + std::string(event.json) + "|" +
                     std::string(event.wire) + "|" + std::to_string(static_cast<int>(event.state)));
  }
  void bytes(std::string_view bytes) override { pieces.emplace_back(bytes); }
  std::vector<std::string> pieces;
};

}  // namespace

TEST_CASE("what is held comes out as it went in, whatever became of what it was a part of") {
  HeldAnswer held;
  Given given;
  {
    const std::string wire = "data: {\"a\":1}\n\n";
    const std::string joined = "{\n}";
    held.event({"t", std::string_view(wire).substr(6, 7), wire, AnswerState::open});
    held.bytes("\n");
    held.bytes("");
    held.event({"u", joined, "data: {\ndata: }\n\n", AnswerState::completed});
    held.event({"v", joined, {}, AnswerState::failed});  // it did not come as a server-sent event
    held.event({{}, {}, ": comment\n\n", AnswerState::open});
    CHECK(held.size() == wire.size() + 1 + 17 + joined.size() + 11);
  }
  held.give_to(given);
  CHECK(given.pieces == std::vector<std::string>{"t|{\"a\":1}|data: {\"a\":1}\n\n|0", "\n",
                                                 "u|{\n}|data: {\ndata: }\n\n|1", "v|{\n}||3",
                                                 "||: comment\n\n|0"});
  CHECK(held.empty());
  CHECK(held.size() == 0);
  held.give_to(given);
  CHECK(given.pieces.size() == 5);
}

}  // namespace responses_proxy
