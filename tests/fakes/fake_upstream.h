// An UpstreamClient without a network: the test plays the upstream, callback by callback.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/upstream_client.h"

namespace responses_proxy::testing {

class FakeUpstream final : public UpstreamClient {
 public:
  // One request, as the client under test sent it.
  struct Sent {
    UpstreamRequest request;
    std::string body;
    UpstreamHandler* handler = nullptr;  // null once the transfer is gone
    int resumed = 0;

    bool cancelled() const { return handler == nullptr; }
    void head(int status, Headers headers) const { handler->on_head(status, std::move(headers)); }
    void stream() const { head(200, {{"content-type", "text/event-stream"}}); }
    void document(int status = 200) const { head(status, {{"content-type", "application/json"}}); }
    // Whether more may come.
    bool bytes(std::string_view text) const { return handler->on_body(text); }
    void end(UpstreamError error = UpstreamError::none) const {
      UpstreamResult result;
      result.error = error;
      handler->on_end(result);
    }
  };

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override {
    auto sent = std::make_shared<Sent>();
    sent->body = request.body;
    sent->request = std::move(request);
    sent->handler = &handler;
    sent_.push_back(sent);
    return std::make_unique<Transfer>(std::move(sent));
  }

  std::size_t count() const { return sent_.size(); }
  Sent& at(std::size_t index) const { return *sent_.at(index); }
  Sent& last() const { return *sent_.back(); }

 private:
  class Transfer final : public UpstreamTransfer {
   public:
    explicit Transfer(std::shared_ptr<Sent> sent) : sent_(std::move(sent)) {}
    ~Transfer() override { sent_->handler = nullptr; }
    void resume() override { ++sent_->resumed; }
    bool body_sent() const override { return true; }

   private:
    std::shared_ptr<Sent> sent_;
  };

  std::vector<std::shared_ptr<Sent>> sent_;
};

}  // namespace responses_proxy::testing
