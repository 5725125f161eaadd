// libcurl's multi interface driven by one event loop.
//
// curl's callbacks only collect (head, body, completion); what was collected is delivered to the
// handlers after curl has returned, so a handler may start and destroy transfers as it likes.
#pragma once

#include <curl/curl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/upstream_trust.h"
#include "upstream/curl_transfer.h"
#include "upstream/kept_sockets.h"

namespace responses_proxy {

class CurlUpstreamClient final : public UpstreamClient {
 public:
  CurlUpstreamClient(EventLoop& loop, const Clock& clock, const UpstreamClientOptions& options);
  ~CurlUpstreamClient() override;

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override;

  // For CurlTransfer.
  void cancel(CurlTransfer& transfer);
  void ready(CurlTransfer& transfer);  // has something to deliver
  void deliver_soon();
  const UpstreamTrust& trust() const { return *trust_; }
  KeptSockets& kept_sockets() { return kept_sockets_; }
  bool allows_private() const { return allow_private_; }

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* registered);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  void wait_for_sockets();
  void serve_sockets();
  void set_timer(long timeout_ms);
  void serve_timeout();
  void collect_finished();
  void deliver();
  void deliver_to(const std::shared_ptr<CurlTransfer>& transfer);
  void watch_deadlines();
  void fail_overdue();
  void detach(CurlTransfer& transfer);

  EventLoop& loop_;
  const Clock& clock_;
  const std::shared_ptr<const UpstreamTrust> trust_;
  const bool allow_private_;
  CURLM* multi_;
  // All of curl's sockets, level-triggered; the event loop watches only this one descriptor.
  boost::asio::posix::stream_descriptor sockets_;
  std::unique_ptr<Timer> timer_;  // null: curl waits for no time
  SteadyTime timer_due_;
  std::unique_ptr<Timer> deadline_timer_;  // while there are transfers
  bool timeout_posted_ = false;
  bool delivery_posted_ = false;
  std::vector<std::shared_ptr<CurlTransfer>> transfers_;  // under way; index kept in the transfer
  std::vector<std::shared_ptr<CurlTransfer>> ready_;
  KeptSockets kept_sockets_;
  std::string scratch_;  // the bytes being delivered
  // Tells handlers posted to the loop that the client is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// libcurl's multi interface on that loop.
std::unique_ptr<UpstreamClient> make_curl_upstream_client(EventLoop& loop, const Clock& clock,
                                                          const UpstreamClientOptions& options);

}  // namespace responses_proxy
