// Downstream: the client's side of an exchange: what has left for it, and how it is doing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/body_capture.h"
#include "responses_proxy/error.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

class Downstream {
 public:
  Downstream(std::shared_ptr<ResponseWriter> writer, ResponseObserver& observer,
             BodyCapture& capture)
      : writer_(std::move(writer)), capture_(capture) {
    writer_->observe(&observer);
  }

  void start(ResponseHead head);
  void forward(std::string_view bytes);
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
  std::int64_t bytes() const { return bytes_; }  // of the body

  void on_writable() { full_ = false; }
  void on_closed() { gone_ = true; }

 private:
  std::shared_ptr<ResponseWriter> writer_;
  BodyCapture& capture_;
  int status_ = 0;
  std::int64_t bytes_ = 0;
  bool full_ = false;
  bool gone_ = false;
  bool complete_ = false;
};

}  // namespace responses_proxy
