#include "proxy/downstream.h"

#include <cassert>
#include <utility>

#include "core/error_head.h"
#include "core/sse_event.h"

namespace responses_proxy {

namespace {

class Nobody final : public ResponseWriter {
 public:
  void observe(ResponseObserver*) override {}
  void start(ResponseHead) override {}
  bool write(std::string_view) override { return true; }
  void finish() override {}
  void abort() override {}
};

}  // namespace

// Where the client has had a whole answer, what follows is another one, which begins anew. Where it
// has left in the middle, the rest of the same one follows.
void Downstream::detach() {
  flush();
  writer_ = std::make_shared<Nobody>();
  full_ = false;
  if (stage_ == Stage::answering) return;
  stage_ = Stage::waiting;
  status_ = 0;
}

void Downstream::start(ResponseHead head) {
  status_ = head.status;
  if (go_to(Stage::answering)) writer_->start(std::move(head));
}

void Downstream::event(const AnswerEvent& event) {
  if (events_ == nullptr) {
    if (!event.wire.empty()) return add(event.wire);
    if (!event.json.empty()) add(sse_event(event.type, event.json));  // it has not come as one
  } else if (!event.json.empty() && !gone()) {
    bytes_ += static_cast<std::int64_t>(event.json.size());
    capture_.response(event.json);
    capture_.response("\n");
    if (!events_->event(event)) full_ = true;
  }
}

void Downstream::add(std::string_view bytes) {
  if (gathering_ && gathered_.size() + bytes.size() <= kMaxGathered) {
    gathered_.append(bytes);
    return;
  }
  write_gathered();
  write(bytes);
}

void Downstream::flush() {
  gathering_ = false;
  write_gathered();
}

void Downstream::write_gathered() {
  write(gathered_);
  gathered_.clear();
  if (gathered_.capacity() > kKeptRoom) gathered_.shrink_to_fit();
}

void Downstream::write(std::string_view bytes) {
  if (bytes.empty() || gone()) return;
  bytes_ += static_cast<std::int64_t>(bytes.size());
  capture_.response(bytes);
  full_ = !writer_->write(bytes);
}

void Downstream::finish() {
  if (go_to(Stage::complete)) writer_->finish();
}

void Downstream::abort() {
  if (go_to(Stage::cut)) writer_->abort();
}

bool Downstream::go_to(Stage next) {
  if (gone()) return false;
  assert(stage_ == Stage::answering
             ? next > Stage::answering
             : stage_ == Stage::waiting && (next == Stage::answering || next == Stage::gone));
  stage_ = next;
  return true;
}

void Downstream::answer(std::string_view json, Headers headers, const std::string& request_id) {
  headers.set("content-type", "application/json");
  say({200, std::move(headers), json.size()}, json, request_id);
}

void Downstream::refuse(const Error& error, const std::string& request_id) {
  const std::string body = error.to_json();
  say(error_head(error, body.size()), body, request_id);
}

void Downstream::say(ResponseHead head, std::string_view body, const std::string& request_id) {
  head.headers.add("x-request-id", request_id);
  start(std::move(head));
  bytes(body);
  finish();
}

}  // namespace responses_proxy
