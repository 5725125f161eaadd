// One simulated HTTP client: reads slowly, leaves at any moment, and holds the proxy to the order
// of a ResponseWriter's calls.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/response_writer.h"
#include "sim/exchange/draw.h"
#include "sim/exchange/promises.h"
#include "sim/exchange/script.h"

namespace responses_proxy::sim {

class HttpClient final : public ResponseWriter, public std::enable_shared_from_this<HttpClient> {
 public:
  enum class End : std::uint8_t { none, finished, aborted, left };

  HttpClient(std::string id, Script& script, Draw& draw, Promises& promises)
      : id_(std::move(id)), script_(script), draw_(draw), promises_(promises) {}

  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead started) override {
    promises_.expect(!head_ && end_ == End::none, id_, "one head, before all else");
    head_ = std::move(started);
  }
  bool write(std::string_view bytes) override {
    promises_.expect(head_ && end_ == End::none, id_, "bytes only between head and end");
    body_.append(bytes);
    full_ = draw_.chance(15);
    if (!full_) return true;
    script_.after(draw_.pause(), [self = shared_from_this()] { self->take_all(); });
    return false;
  }
  void finish() override { close(End::finished); }
  void abort() override { close(End::aborted); }

  void leave() {
    ResponseObserver* observer = std::exchange(observer_, nullptr);
    if (observer == nullptr) return;
    end_ = End::left;
    observer->on_closed();
  }

  const std::string& id() const { return id_; }
  const std::optional<ResponseHead>& head() const { return head_; }
  const std::string& body() const { return body_; }
  End end() const { return end_; }
  bool full() const { return full_; }

 private:
  void take_all() {
    if (observer_ == nullptr || !std::exchange(full_, false)) return;
    observer_->on_writable();
  }
  void close(End how) {
    promises_.expect(head_ && end_ == End::none, id_, "one end, behind the head");
    end_ = how;
    observer_ = nullptr;
  }

  const std::string id_;
  Script& script_;
  Draw& draw_;
  Promises& promises_;
  ResponseObserver* observer_ = nullptr;
  std::optional<ResponseHead> head_;
  std::string body_;
  End end_ = End::none;
  bool full_ = false;
};

}  // namespace responses_proxy::sim
