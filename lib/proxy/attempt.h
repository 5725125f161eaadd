// Attempt: one try at one resource: its lease, its upstream transfer, its line in the record.
#pragma once

#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

// The exchange, as its current attempt sees it.
class AttemptObserver {
 public:
  virtual void on_begun() = 0;  // the head is there, or the attempt has failed without one
  virtual bool on_answer_bytes(std::string_view bytes) = 0;  // as UpstreamHandler::on_body
  virtual void on_ended() = 0;  // after on_begun: the answer's body is over, see error()
 protected:
  ~AttemptObserver() = default;
};

class Attempt final : public UpstreamHandler {
 public:
  Attempt(Lease lease, const Clock& clock, AttemptObserver& observer);

  void send(UpstreamClient& client, UpstreamRequest request);
  // Ends the transfer; no callback comes afterwards.
  void cancel() { transfer_.reset(); }
  void resume() {
    if (transfer_) transfer_->resume();
  }
  bool body_sent() const { return !transfer_ || transfer_->body_sent(); }

  bool begun() const { return begun_; }
  bool ended() const { return ended_; }
  int status() const { return record_.status_code; }  // 0: no head came
  UpstreamError error() const { return result_.error; }
  const UpstreamResult& result() const { return result_; }
  Headers& headers() { return headers_; }

  SelectionReason reason() const { return lease_.reason(); }

  // Tells the resource's state and ends the lease; the first call counts.
  void finish(const Verdict& verdict, Blame blame, std::string error);
  // Ends the lease without a verdict: the client left.
  void abandon(std::string error) { finish({}, Blame::client, std::move(error)); }
  const AttemptRecord& record() const { return record_; }

 private:
  void on_head(int status, Headers headers) override;
  bool on_body(std::string_view bytes) override;
  void on_end(const UpstreamResult& result) override;
  std::chrono::microseconds elapsed() const;

  Lease lease_;
  const Clock& clock_;
  AttemptObserver& observer_;
  SteadyTime started_;
  AttemptRecord record_;
  Headers headers_;
  UpstreamResult result_;
  bool begun_ = false;
  bool ended_ = false;
  bool finished_ = false;
  std::unique_ptr<UpstreamTransfer> transfer_;
};

}  // namespace responses_proxy
