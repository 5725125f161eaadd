// The providers over HTTP: keeps what an UpstreamClient promises, time-outs included, and answers
// each request as badly as it may.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "fakes/fake_upstream.h"
#include "sim/exchange/answers.h"
#include "sim/exchange/memory.h"
#include "sim/exchange/script.h"

namespace responses_proxy::sim {

class HttpProvider {
 public:
  HttpProvider(testing::FakeUpstream& upstream, Script& script, Draw& draw, Memory& memory)
      : upstream_(upstream), script_(script), draw_(draw), memory_(memory) {}

  // Sees what was sent and who reads again; after every step of the world.
  void look();
  std::size_t transfers_left() const;

 private:
  using Sent = testing::FakeUpstream::Sent;

  struct Step {
    Millis pause;
    std::function<bool(Sent&)> say;  // whether more may come
  };
  struct Call {
    explicit Call(Sent& request) : sent(request) {}
    Sent& sent;
    std::deque<Step> steps;
    Millis passed{0};
    bool begun = false;  // the head has come
    bool paused = false;
    int resumed = 0;  // seen so far
  };

  void plan(Call& call);
  void plan_answer(Call& call, const std::string& account);
  void plan_error(Call& call, const ErrorAnswer& error);
  void plan_stream(Call& call, const std::string& account);
  void plan_document(Call& call, const std::string& account);
  void add_body(Call& call, const std::string& body, std::size_t most_pieces);
  void add_end(Call& call, UpstreamError error);
  void go_on(const std::shared_ptr<Call>& call);
  void say_next(const std::shared_ptr<Call>& call);

  testing::FakeUpstream& upstream_;
  Script& script_;
  Draw& draw_;
  Memory& memory_;
  std::size_t seen_ = 0;
  std::vector<std::shared_ptr<Call>> calls_;  // that have not ended
};

}  // namespace responses_proxy::sim
