#include "upstream/native/native_upstream_client.h"

#include <utility>

#include "responses_proxy/upstream_trust.h"

namespace responses_proxy {

namespace {

constexpr Millis kLookEvery{250};     // precision of all time-outs but that of connecting
constexpr Millis kTrimEvery{15'000};  // while there are idle connections only

// What the exchange holds; cancels when it lets go.
class NativeHandle final : public UpstreamTransfer {
 public:
  explicit NativeHandle(std::shared_ptr<NativeTransfer> transfer)
      : transfer_(std::move(transfer)) {}
  ~NativeHandle() override { transfer_->cancel(); }

  void resume() override { transfer_->resume(); }
  bool body_sent() const override { return transfer_->body_sent(); }

 private:
  const std::shared_ptr<NativeTransfer> transfer_;
};

}  // namespace

NativeUpstreamClient::NativeUpstreamClient(EventLoop& loop, const Clock& clock,
                                           const UpstreamClientOptions& options)
    : loop_(loop),
      clock_(clock),
      tls_(options.trust ? options.trust : std::make_shared<UpstreamTrust>()),
      names_(clock, system_look_up(loop)),
      dial_tools_{loop, clock, names_, tls_, options.allow_private},
      pool_(origins_, options.max_idle_connections),
      read_buffer_(kInboxBytes) {
  // Makes what sockets need: once no descriptor is left, it could not be made.
  const NativeConnection::Socket first(loop.context());
  SocketPoller::of(loop.context());
}

NativeUpstreamClient::~NativeUpstreamClient() {
  while (!transfers_.empty()) transfers_.back()->cancel();
  pool_.clear();
}

std::unique_ptr<UpstreamTransfer> NativeUpstreamClient::start(UpstreamRequest request,
                                                              UpstreamHandler& handler) {
  auto transfer = std::make_shared<NativeTransfer>(*this, std::move(request), handler);
  transfer->index = transfers_.size();
  transfers_.push_back(transfer);
  transfer->start();
  if (!std::exchange(looks_often_, true)) watch();
  return std::make_unique<NativeHandle>(std::move(transfer));
}

void NativeUpstreamClient::forget(NativeTransfer& transfer) {
  const std::size_t index = transfer.index;
  transfers_.back()->index = index;
  std::swap(transfers_[index], transfers_.back());
  transfers_.pop_back();  // whoever has called holds a share
}

void NativeUpstreamClient::watch() {
  next_look_ = loop_.timers().after(looks_often_ ? kLookEvery : kTrimEvery, [this] {
    look();
    looks_often_ = !transfers_.empty();
    if (looks_often_ || pool_.size() > 0) watch();
  });
}

void NativeUpstreamClient::look() {
  const SteadyTime now = clock_.steady();
  const SteadyTime loop_now = loop_.timers().now();
  pool_.trim(now);
  // Handlers may begin and end transfers, their own and others'.
  const std::vector<std::shared_ptr<NativeTransfer>> looked_at = transfers_;
  for (const auto& transfer : looked_at) transfer->check_deadlines(now, loop_now);
}

std::unique_ptr<UpstreamClient> make_native_upstream_client(EventLoop& loop, const Clock& clock,
                                                            const UpstreamClientOptions& options) {
  return std::make_unique<NativeUpstreamClient>(loop, clock, options);
}

}  // namespace responses_proxy
