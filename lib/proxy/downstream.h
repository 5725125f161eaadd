// Downstream: the client's side of an exchange: what has left for it, and how it is doing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/body_capture.h"
#include "responses_proxy/answer.h"
#include "responses_proxy/error.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

class Downstream final : public AnswerSink {
 public:
  Downstream(std::shared_ptr<ResponseWriter> writer, ResponseObserver& observer,
             BodyCapture& capture)
      : writer_(std::move(writer)), capture_(capture) {
    writer_->observe(&observer);
  }

  void start(ResponseHead head);
  // From here to flush() what is given stays where it is, and what lies side by side leaves in one
  // write.
  void gather() { gathering_ = true; }
  void flush();
  void event(const AnswerEvent& event) override { add(event.wire); }
  void bytes(std::string_view bytes) override { add(bytes); }
  void finish();
  void abort();
  // The proxy's own answer; only before start().
  void refuse(const Error& error, const std::string& request_id);

  // The first byte has left: no retry from here on.
  bool committed() const { return status_ != 0; }
  bool full() const { return full_; }
  bool gone() const { return gone_; }
  bool complete() const { return complete_; }
  int status() const { return status_; }
  std::int64_t body_bytes() const { return bytes_; }

  void on_writable() { full_ = false; }
  void on_closed() { gone_ = true; }

 private:
  void add(std::string_view bytes);
  void write(std::string_view bytes);

  std::shared_ptr<ResponseWriter> writer_;
  BodyCapture& capture_;
  bool gathering_ = false;
  std::string_view gathered_;
  int status_ = 0;
  std::int64_t bytes_ = 0;
  bool full_ = false;
  bool gone_ = false;
  bool complete_ = false;
};

}  // namespace responses_proxy
