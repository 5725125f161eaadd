// BlockingCalls: questions to a database, asked from event loops.
//
// Role       What blocks runs on a helper thread; whoever has asked is told on the loop it asked
//            from.
// Threads    From event loops; from any other thread too: there a call waits for its answer.
// Ownership  What a call refers to outlives this object; the loops no longer run when it goes.
// Errors     A StorageError is the outcome `failed`. The writer of records reports the outage.
// Blocking   Never on a loop. An answer is not waited for longer than kPatience.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "responses_proxy/error.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"

namespace responses_proxy {

class BlockingCalls {
 public:
  static constexpr Millis kPatience{2'000};
  // After which a client may ask again.
  static constexpr Millis kRetryAfter{1'000};

  enum class Outcome : std::uint8_t {
    done,
    failed,
    late,  // it goes on, and nobody waits for it; or there was too much to do
  };

  explicit BlockingCalls(EventLoops& loops, std::size_t threads = 2)
      : loops_(loops), threads_(make_helper_threads(threads)) {}

  // Runs `ask`, which blocks, elsewhere; then `told` here, once.
  void run(std::function<void()> ask, std::function<void(Outcome)> told);

  // What a client hears where the outcome is not `done`: 503, to be tried again.
  static Error unavailable(Outcome outcome);

 private:
  class Answer;
  EventLoop* this_loop() const;

  EventLoops& loops_;
  const std::unique_ptr<HelperThreads> threads_;
};

}  // namespace responses_proxy
