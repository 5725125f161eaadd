// NativeUpstreamClient: HTTP/1.1 on the event loop itself, over TCP, TLS or a Unix socket.
//
// A readable socket is read into one buffer that all transfers of the loop share, and what is found
// in it goes to the handler at once: no connection has a buffer of its own, nothing is copied that
// is used.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"
#include "upstream/native/dial.h"
#include "upstream/native/idle_connections.h"
#include "upstream/native/name_cache.h"
#include "upstream/native/native_transfer.h"
#include "upstream/native/origin.h"
#include "upstream/native/tls_wire.h"

namespace responses_proxy {

class NativeUpstreamClient final : public UpstreamClient {
 public:
  NativeUpstreamClient(EventLoop& loop, const Clock& clock, const UpstreamClientOptions& options);
  ~NativeUpstreamClient() override;

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override;

  // For NativeTransfer.
  EventLoop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  Origins& origins() { return origins_; }
  IdleConnections& pool() { return pool_; }
  const DialTools& dial_tools() const { return dial_tools_; }
  // For the next read, and the next head, whoever's they are.
  std::span<char> read_buffer() { return read_buffer_; }
  std::string& head_buffer() { return head_buffer_; }
  // It is over.
  void forget(NativeTransfer& transfer);

 private:
  void watch();
  void look();

  EventLoop& loop_;
  const Clock& clock_;
  TlsWires tls_;
  NameCache names_;
  const DialTools dial_tools_;
  Origins origins_;
  IdleConnections pool_;
  std::vector<char> read_buffer_;
  std::string head_buffer_;
  std::vector<std::shared_ptr<NativeTransfer>> transfers_;  // under way; index kept in the transfer
  std::unique_ptr<Timer> next_look_;                        // while there is something to look at
  bool looks_often_ = false;
};

std::unique_ptr<UpstreamClient> make_native_upstream_client(EventLoop& loop, const Clock& clock,
                                                            const UpstreamClientOptions& options);

}  // namespace responses_proxy
