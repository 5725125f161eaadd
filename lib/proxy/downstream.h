// Downstream: the client's side of an exchange: what has left for it, and how it is doing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/body_capture.h"
#include "proxy/event_writer.h"
#include "responses_proxy/answer.h"
#include "responses_proxy/error.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

class Downstream final : public AnswerSink {
 public:
  // So much is gathered; what is larger leaves as it is given. Of the room a stream keeps a part.
  static constexpr std::size_t kMaxGathered = 16 * 1024;
  static constexpr std::size_t kKeptRoom = 512;

  // `events`: the same writer, where it takes the events of a stream one by one; else null.
  Downstream(std::shared_ptr<ResponseWriter> writer, EventWriter* events,
             ResponseObserver& observer, BodyCapture& capture)
      : writer_(std::move(writer)), events_(events), capture_(capture) {
    writer_->observe(&observer);
  }

  void start(ResponseHead head);
  // From here to flush() what is given is copied, and leaves in one write: whoever gives it need
  // not keep it.
  void gather() { gathering_ = true; }
  void flush();
  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override { add(bytes); }
  void finish();
  void abort();
  // The client waits for nothing more, or has left: what follows goes to nobody.
  void detach();
  // The proxy's own answer; only before start().
  void answer(std::string_view json, Headers headers, const std::string& request_id);
  void refuse(const Error& error, const std::string& request_id);

  // The first byte has left: no retry from here on.
  bool committed() const { return status_ != 0; }
  bool full() const { return full_; }
  bool gone() const { return stage_ == Stage::gone; }
  // Nothing more can be said to this client.
  bool over() const { return stage_ > Stage::answering; }
  int status() const { return status_; }
  std::int64_t body_bytes() const { return bytes_; }  // of events that are messages: their JSON

  void on_writable() { full_ = false; }
  void on_closed() { go_to(Stage::gone); }

 private:
  enum class Stage : std::uint8_t {
    waiting,
    answering,
    complete,
    cut,
    gone,  // the client has left before its answer was complete
  };

  // false: it has left, and nothing changes that.
  bool go_to(Stage next);
  void say(ResponseHead head, std::string_view body, const std::string& request_id);
  void add(std::string_view bytes);
  void write(std::string_view bytes);
  void write_gathered();

  std::shared_ptr<ResponseWriter> writer_;
  EventWriter* const events_;
  BodyCapture& capture_;
  bool gathering_ = false;
  std::string gathered_;
  int status_ = 0;
  std::int64_t bytes_ = 0;
  bool full_ = false;
  Stage stage_ = Stage::waiting;
};

}  // namespace responses_proxy
