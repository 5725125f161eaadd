// Attempt: one try at one resource: its lease, its upstream transfer, what its answer teaches, and
// its line in the record.
//
// The answer is held back at first: while it is held, the exchange can still leave it behind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/held_answer.h"
#include "proxy/record_mask.h"
#include "proxy/turn_transport.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/limit_meter.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/response_writer.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy {

// The exchange, as its current attempt sees it: takes the answer in after release().
class AttemptObserver : public AnswerSink {
 public:
  // Something happened that the exchange may wait for: the head, a held answer that has shown what
  // it is worth, the end. The attempt may be gone afterwards.
  virtual void on_progress() = 0;
  // Before and after what has arrived at once is given out: until then it stays where it is. false:
  // no more until resume().
  virtual void on_giving() = 0;
  virtual bool on_given() = 0;

 protected:
  ~AttemptObserver() = default;
};

class Attempt final : public TurnHandler, private AnswerSink {
 public:
  // Held bytes are released at this size, whatever they say.
  static constexpr std::size_t kMaxHeld = 64 * 1024;

  // `mask`: for what stays behind of this attempt. `model`: as it is sent.
  Attempt(Lease lease, std::unique_ptr<Translation> translation, const Clock& clock,
          const RecordMask& mask, AttemptObserver& observer, std::string_view model = {});

  void send(UpstreamClient& client, UpstreamRequest request);
  void send(TurnTransport& transport, UpstreamRequest request, std::string& body);
  // Ends the transfer; no callback comes afterwards.
  void cancel() { transfer_.reset(); }
  void resume() {
    if (transfer_) transfer_->resume();
  }
  bool body_sent() const { return !transfer_ || transfer_->body_sent(); }

  // The head is there, or the attempt has failed without one.
  bool begun() const { return stage_ != Stage::waiting; }
  // The answer is over, well or not: error() tells.
  bool ended() const { return stage_ == Stage::ended; }
  // So is a stream whose end has been read, whatever its connection still does.
  bool over() const { return ended() || end_seen(); }
  // The terminal event of a stream has been read.
  bool end_seen() const { return event_stream() && facts().state != AnswerState::open; }
  bool event_stream() const { return head_.event_stream; }
  int status() const { return record_.status_code; }  // 0: no head came
  UpstreamError error() const { return result_.error; }
  const std::string& error_detail() const { return result_.detail; }
  Word<SelectionReason> reason() const { return lease_.reason_word(); }
  const std::string& resource_id() const { return record_.resource_id; }
  const std::string& resource_name() const { return resource_name_; }

  // Whether the held answer has shown what it is worth: an event of substance, an error, its end.
  bool shown() const;
  // What the answer says against the request or the resource.
  UpstreamFault fault() const { return translation().fault(clock_.wall()); }
  // Why the attempt has ended without an answer worth anything; none: there is one, so far.
  UpstreamError failure_so_far() const;
  // The proxy's own error, where it could not send the request after all.
  const std::optional<Error>& refusal() const { return refusal_; }
  // There is nothing that could be forwarded, not even a stream that ends in-band.
  bool came_to_nothing() const;
  const AnswerFacts& facts() const override { return translation().facts(); }
  StoredResponse stored() const { return translation().stored(); }
  // The head as the client shall get it, and what was held. From now on the observer gets the
  // answer as it comes.
  ResponseHead release(HeldAnswer& held);
  // See Translation::failure.
  bool failure(std::string_view message, AnswerSink& sink) const {
    return translation().failure(message, sink);
  }

  // Tells the resource's state what was learnt and ends the lease; the first call counts. true: the
  // key was refused, and a health check has to say what that means.
  bool judge(const UpstreamFault& fault, const VerdictOptions& options);
  // Ends the lease without a verdict: it was not the upstream that ended the attempt.
  void abandon(std::string error, Blame blame);
  const AttemptRecord& record() const { return record_; }

 private:
  enum class Stage : std::uint8_t {
    waiting,
    begun,  // the head is there
    ended,
  };

  void on_head(int status, Headers headers) override;
  bool on_body(std::string_view bytes) override;
  void on_end(const UpstreamResult& result) override;
  bool on_message(const UpstreamMessage& message) override;
  bool on_interrupted(PartialItems partial) override;
  void on_own_events(std::span<const std::string> events) override;
  void on_refused(Error error) override;
  std::size_t held_bytes() const override { return held_.size() + translation().held_bytes(); }

  // AnswerSink: of the translation
  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override { sink_->bytes(bytes); }

  bool holding() const { return sink_ == &held_; }
  const Translation& translation() const { return own_ ? *own_ : *translation_; }
  template <class Give>
  bool give_at_once(Give&& give);
  template <class Give>
  bool take_in(Give&& give);
  void go_to(Stage next);
  bool break_off();
  void note_limits(const Headers& headers) const;
  void note_limits(std::vector<LimitMeter> meters) const;
  UpstreamError trouble() const;
  void finish(Verdict verdict, Blame blame, std::string error);
  std::chrono::microseconds elapsed() const;

  Lease lease_;
  const std::unique_ptr<Translation> translation_;
  std::unique_ptr<Translation> own_;  // of events that are not the upstream's
  const Clock& clock_;
  const RecordMask& mask_;
  AttemptObserver& observer_;
  const SteadyTime started_;
  AttemptRecord record_;
  const std::string resource_name_;
  const std::string model_;
  AnswerHead head_;
  UpstreamResult result_;
  std::optional<Error> refusal_;
  HeldAnswer held_;
  AnswerSink* sink_ = &held_;  // after release(): the observer
  Stage stage_ = Stage::waiting;
  bool judged_ = false;  // the lease has ended
  std::unique_ptr<UpstreamTransfer> transfer_;
};

}  // namespace responses_proxy
