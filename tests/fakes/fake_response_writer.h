// A ResponseWriter that keeps what it is given, and a client that can be slow or leave.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/response_writer.h"

namespace responses_proxy::testing {

class FakeResponseWriter final : public ResponseWriter {
 public:
  enum class End : std::uint8_t { none, finished, aborted };

  std::optional<ResponseHead> head;
  std::string body;
  End end = End::none;
  bool full = false;  // what write() answers: the client takes nothing for now

  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead started) override { head = std::move(started); }
  bool write(std::string_view bytes) override {
    body.append(bytes);
    return !full;
  }
  void finish() override { close(End::finished); }
  void abort() override { close(End::aborted); }

  void take_all() {
    full = false;
    if (observer_ != nullptr) observer_->on_writable();
  }
  void leave() {
    if (auto* observer = std::exchange(observer_, nullptr)) observer->on_closed();
  }

 private:
  void close(End how) {
    end = how;
    observer_ = nullptr;
  }

  ResponseObserver* observer_ = nullptr;
};

}  // namespace responses_proxy::testing
