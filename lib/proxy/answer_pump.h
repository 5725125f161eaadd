// AnswerPump: carries the answer from the current attempt to the client, once it is the client's.
//
// Role       What arrives at once leaves in one write. The end of an answer is kept back until
//            others can find its ids: the client may continue this response at once.
// Ownership  Part of its exchange.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/attempt.h"
#include "proxy/held_answer.h"
#include "responses_proxy/timers.h"

namespace responses_proxy {

struct ExchangeContext;

class AnswerPump final : public AttemptObserver {
 public:
  // How long an upstream may keep its connection open behind the terminal event of a stream before
  // it is cut. One that ends in time (all do that are well) is used again; a client that reads to
  // the end of the stream waits no longer than this.
  static constexpr Millis kMaxLinger{200};

  explicit AnswerPump(ExchangeContext& exchange) : exchange_(exchange) {}

  // What the attempt has held leaves; from now on the rest follows as it comes.
  void begin(HeldAnswer held);
  // The answer has ended, whatever its end was, and everything of it has left.
  bool over() const;
  // What was kept back leaves once others can find the answer.
  void forward_kept();
  // ... or at once: nobody is waited for any more.
  void give_kept();
  // The client has the end of a stream: what it or the upstream does now changes nothing.
  bool end_delivered() const;

  // AttemptObserver
  void on_progress() override;
  void on_giving() override;
  bool on_given() override;
  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override;

 private:
  // Of a stream: its terminal event.
  enum class End : std::uint8_t {
    ahead,
    forwarded,
    lingered,  // and the upstream has not ended its connection in time after it
  };

  AnswerSink& sink();
  void note_end();
  void go_to(End next);

  ExchangeContext& exchange_;
  HeldAnswer kept_;
  End end_ = End::ahead;
  std::unique_ptr<Timer> patience_;  // with an upstream that lingers
};

}  // namespace responses_proxy
