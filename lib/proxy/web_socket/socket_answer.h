// SocketAnswer: the answer to one `response.create` on its way to the client's socket.
//
// Each event is a message. An answer that is no stream becomes one `error` message, and a stream
// always has an end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/event_writer.h"
#include "proxy/web_socket/lane.h"

namespace responses_proxy {

// The client's socket, as its turns see it.
class TurnOwner {
 public:
  // `names_stream`: it has a "stream_id" already.
  virtual bool send(Lane& lane, std::string_view event, bool names_stream) = 0;
  virtual void on_turn_ended(Lane& lane) = 0;
  // Of the lane's upstream, when no turn waits for it.
  virtual void on_unclaimed(Lane& lane, std::string_view event) = 0;

 protected:
  ~TurnOwner() = default;
};

class SocketAnswer final : public EventWriter {
 public:
  // Of an error's body; the rest is dropped.
  static constexpr std::size_t kMaxErrorBytes = 256 * 1024;

  // `continues`: the response that the turn continues, "" if it continues none. What it is in
  // outlives the answer: `owner` is kept alive by it.
  SocketAnswer(SocketContext& context, Lane& lane, std::string continues,
               std::shared_ptr<TurnOwner> owner);

  bool begun() const { return stage_ != Stage::waiting; }
  void on_writable();
  void on_client_gone();

  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead head) override;
  bool event(const AnswerEvent& event) override;
  bool write(std::string_view bytes) override;
  void finish() override;
  void abort() override;

 private:
  enum class Stage : std::uint8_t {
    waiting,   // for the head
    stream,    // each event goes to the client
    complete,  // its terminal event has, which ends a turn for its client
    error,     // the body is gathered, and becomes one message
    ended,
  };

  void go_to(Stage next);
  void finish_error();
  void end();

  SocketContext& context_;
  Lane& lane_;
  const std::string continues_;
  const std::shared_ptr<TurnOwner> owner_;
  ResponseObserver* observer_ = nullptr;
  ResponseHead head_{0, {}, {}};
  Stage stage_ = Stage::waiting;
  bool told_to_wait_ = false;
  std::string error_body_;
};

}  // namespace responses_proxy
