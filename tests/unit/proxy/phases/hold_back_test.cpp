#include "proxy/phases/hold_back.h"

#include <doctest/doctest.h>

#include "unit/proxy/phases/attempt_of.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

using namespace testing;

namespace {

const std::string kCreated = "data: {\"type\":\"response.created\",\"response\":{}}\n\n";
const std::string kDelta = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n";

}  // namespace

TEST_CASE("a stream that could move waits for its first event of substance") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  const auto ended = run_task(phases::hold_back(*exchange));
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated);
  CHECK_FALSE(*ended);
  rig.upstream.last().bytes(kDelta);
  CHECK(*ended);
}

TEST_CASE("... or until its time is over") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.config.stream_holdback = Millis(1);
  const auto exchange = sent_exchange(rig);
  const auto ended = run_task(phases::hold_back(*exchange));
  rig.upstream.last().stream();
  CHECK_FALSE(*ended);
  rig.ring();
  CHECK(*ended);
}

TEST_CASE("a stream that cannot move is not held") {
  for (const int why : {0, 1, 2, 3}) {
    CAPTURE(why);
    ExchangeRig rig(why == 0 ? std::vector<std::string>{"sk-only-key"}
                             : std::vector<std::string>{"sk-first-key", "sk-second-key"});
    if (why == 1) rig.config.max_attempts = 1;
    if (why == 2) rig.config.stream_holdback = Millis(0);
    const auto exchange = sent_exchange(rig);
    if (why == 3) exchange->affinity.required = "openai-1";
    const auto ended = run_task(phases::hold_back(*exchange));
    CHECK_FALSE(*ended);
    rig.upstream.last().stream();
    CHECK(*ended);
  }
}

TEST_CASE("a document waits until it is whole, an error for its body, both only for their client") {
  for (const int status : {200, 500}) {
    for (const bool leaves : {false, true}) {
      CAPTURE(status);
      CAPTURE(leaves);
      ExchangeRig rig({"sk-only-key"});
      const auto exchange = sent_exchange(rig);
      const auto ended = run_task(phases::hold_back(*exchange));
      rig.upstream.last().document(status);
      rig.upstream.last().bytes("{");
      CHECK_FALSE(*ended);
      if (leaves) {
        exchange->downstream.on_closed();
        exchange->progress.fire();
      } else {
        rig.upstream.last().bytes("}");
        rig.upstream.last().end();
      }
      CHECK(*ended);
    }
  }
}

}  // namespace responses_proxy
