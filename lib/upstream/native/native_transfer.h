// NativeTransfer: one request of the native client, and its answer.
//
// It dials, or gets a kept connection; writes while the socket takes it; reads into the client's
// buffer and hands on what it finds there. A handler may destroy its transfer inside any callback:
// whoever calls one holds a share, and looks at handler_ afterwards.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/upstream_client.h"
#include "upstream/native/answer_reader.h"
#include "upstream/native/dial.h"
#include "upstream/native/native_connection.h"
#include "upstream/native/request_writer.h"

namespace responses_proxy {

class NativeUpstreamClient;

class NativeTransfer final : public std::enable_shared_from_this<NativeTransfer>,
                             private NativeConnection::User {
 public:
  NativeTransfer(NativeUpstreamClient& client, UpstreamRequest request, UpstreamHandler& handler);

  // No callback comes inside this call.
  void start();
  // No callback comes any more.
  void cancel();
  void resume();
  bool body_sent() const;
  // Ends it if one of its deadlines has passed.
  void check_deadlines(SteadyTime now, SteadyTime loop_now);

  std::size_t index = 0;  // in the client's list

 private:
  // exchanging: on a connection.
  enum class Stage : std::uint8_t { dialing, exchanging, over };

  void on_readable(NativeConnection& connection) override;
  void on_writable(NativeConnection& connection) override;

  void go_to(Stage next);
  void dial();
  void on_dialed(Dial::Outcome outcome);
  void begin(std::shared_ptr<NativeConnection> connection);
  void write();
  bool read_once();
  bool take(std::string_view bytes);
  bool give_head();
  bool give_piece();
  void go_on();
  void lose(bool orderly);
  bool is_untouched() const;
  bool may_repeat() const;
  void complete(bool nothing_behind);
  void fail(UpstreamError error, std::string detail);
  void end();
  void leave_connection();
  UpstreamError overdue(SteadyTime now, SteadyTime loop_now);

  NativeUpstreamClient* client_;  // null once it is over
  UpstreamRequest request_;
  UpstreamHandler* handler_;  // null once it must not be called any more
  const bool closes_;         // the request says that its connection is to end
  Stage stage_ = Stage::dialing;
  std::shared_ptr<Origin> origin_;
  std::shared_ptr<Dial> dial_;
  std::shared_ptr<NativeConnection> connection_;
  RequestWriter writer_;
  AnswerReader reader_;
  std::string kept_;       // read, but not used yet
  bool answered_ = false;  // some byte of an answer has come
  bool repeated_ = false;
  bool paused_ = false;
  UpstreamResult result_;
  const SteadyTime started_;
  const SteadyTime due_;      // of the whole, in the loop's time
  SteadyTime waiting_since_;  // for what the deadline at hand is about
};

}  // namespace responses_proxy
