#include "proxy/downstream.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace responses_proxy {

namespace {

struct PieceWriter final : ResponseWriter {
  void observe(ResponseObserver*) override {}
  void start(ResponseHead) override {}
  bool write(std::string_view bytes) override {
    pieces.emplace_back(bytes);
    return true;
  }
  void finish() override {}
  void abort() override {}
  std::vector<std::string> pieces;
};

struct NoObserver final : ResponseObserver {
  void on_writable() override {}
  void on_closed() override {}
};

struct PieceRig {
  PieceRig() { downstream.start({200, {}, {}}); }
  std::shared_ptr<PieceWriter> writer = std::make_shared<PieceWriter>();
  NoObserver observer;
  Config config;
  BodyCapture capture{config};
  Downstream downstream{writer, nullptr, observer, capture};
};

}  // namespace

TEST_CASE("what is gathered leaves in one write, though nobody has kept it") {
  PieceRig rig;
  rig.downstream.gather();
  for (const char* text : {"one", "two"}) {
    std::string wire = std::string(100, '-') + text;
    rig.downstream.event({"t", "{}", wire, AnswerState::open});
    wire.assign(wire.size(), 'x');  // it was only there during the call
  }
  rig.downstream.event({"t", "{}", {}, AnswerState::open});
  CHECK(rig.writer->pieces.empty());
  rig.downstream.flush();
  const std::string dashes(100, '-');
  CHECK(rig.writer->pieces ==
        std::vector<std::string>{dashes + "one" + dashes + "two" + "event: t\ndata: {}\n\n"});
}

TEST_CASE("what is large is not gathered, and nothing overtakes it") {
  PieceRig rig;
  const std::string large(Downstream::kMaxGathered, 'l');
  rig.downstream.gather();
  for (const std::string& text : {std::string("a"), large, std::string("b")}) {
    rig.downstream.bytes(text);
  }
  rig.downstream.flush();
  rig.downstream.bytes("c");
  CHECK(rig.writer->pieces == std::vector<std::string>{"a", large, "b", "c"});
}

}  // namespace responses_proxy
