#include "upstream/curl_upstream_client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <system_error>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::size_t kKeptCapacity =
    32 * 1024;                        // a delivery buffer larger than this is given back
constexpr Millis kDeadlineTick{250};  // precision of first-byte and idle time-outs

int make_epoll() {
  const int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return descriptor;
}

// What the exchange holds; cancels when it lets go.
class TransferHandle final : public UpstreamTransfer {
 public:
  TransferHandle(std::shared_ptr<CurlTransfer> transfer, CurlUpstreamClient& client)
      : transfer_(std::move(transfer)), client_(client) {}
  ~TransferHandle() override { client_.cancel(*transfer_); }

  void resume() override { transfer_->resume(); }
  bool body_sent() const override { return transfer_->body_sent(); }

 private:
  std::shared_ptr<CurlTransfer> transfer_;
  CurlUpstreamClient& client_;
};

}  // namespace

CurlUpstreamClient::CurlUpstreamClient(EventLoop& loop, const Clock& clock,
                                       const UpstreamClientOptions& options)
    : loop_(loop),
      clock_(clock),
      trust_(options.trust ? options.trust : std::make_shared<UpstreamTrust>()),
      allow_private_(options.allow_private),
      multi_((curl_global_init(CURL_GLOBAL_DEFAULT), curl_multi_init())),
      sockets_(loop.context(), make_epoll()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlUpstreamClient::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlUpstreamClient::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_idle_connections));
  wait_for_sockets();
}

CurlUpstreamClient::~CurlUpstreamClient() {
  *alive_ = false;
  while (!transfers_.empty()) cancel(*transfers_.back());
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

std::unique_ptr<UpstreamTransfer> CurlUpstreamClient::start(UpstreamRequest request,
                                                            UpstreamHandler& handler) {
  auto transfer =
      std::make_shared<CurlTransfer>(*this, clock_, curl_easy_init(), std::move(request), handler);
  transfer->index = transfers_.size();
  transfers_.push_back(transfer);
  curl_multi_add_handle(multi_, transfer->easy);
  watch_deadlines();
  return std::make_unique<TransferHandle>(std::move(transfer), *this);
}

void CurlUpstreamClient::cancel(CurlTransfer& transfer) {
  transfer.handler = nullptr;
  detach(transfer);
}

// Out of curl's hands; what has arrived may still be delivered. May destroy the transfer.
void CurlUpstreamClient::detach(CurlTransfer& transfer) {
  if (transfer.easy == nullptr) return;
  curl_multi_remove_handle(multi_, transfer.easy);
  // Not kept for the next request: libcurl 7.88 would continue the last header of this answer,
  // which is freed, if the next one began with a folded line.
  curl_easy_cleanup(std::exchange(transfer.easy, nullptr));
  const std::size_t index = transfer.index;
  transfers_.back()->index = index;
  std::swap(transfers_[index], transfers_.back());
  transfers_.pop_back();
}

void CurlUpstreamClient::ready(CurlTransfer& transfer) {
  if (std::exchange(transfer.in_ready_list, true)) return;
  ready_.push_back(transfer.shared_from_this());
}

int CurlUpstreamClient::on_socket(CURL*, curl_socket_t socket, int what, void* self,
                                  void* registered) {
  auto& client = *static_cast<CurlUpstreamClient*>(self);
  const int epoll = client.sockets_.native_handle();
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
    curl_multi_assign(client.multi_, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  epoll_ctl(epoll, registered == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  curl_multi_assign(client.multi_, socket, self);
  return 0;
}

int CurlUpstreamClient::on_timer(CURLM*, long timeout_ms, void* self) {
  static_cast<CurlUpstreamClient*>(self)->set_timer(timeout_ms);
  return 0;
}

// curl asks for 0 ms with every transfer, and again and again for times that stay the same: only a
// time that comes earlier costs a system call. A timer that rings too early does no harm.
void CurlUpstreamClient::set_timer(long timeout_ms) {
  if (timeout_ms < 0) return;
  if (timeout_ms == 0) {
    if (std::exchange(timeout_posted_, true)) return;
    loop_.post([this, alive = alive_] {
      if (!*alive) return;
      timeout_posted_ = false;
      serve_timeout();
    });
    return;
  }
  const SteadyTime due = loop_.timers().now() + Millis(timeout_ms);
  if (timer_ && timer_due_ <= due) return;
  timer_due_ = due;
  timer_ = loop_.timers().at(due, [this] {
    timer_.reset();
    serve_timeout();
  });
}

void CurlUpstreamClient::serve_timeout() {
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  collect_finished();
  deliver();
}

void CurlUpstreamClient::wait_for_sockets() {
  sockets_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, alive = alive_](const boost::system::error_code& error) {
                        if (error || !*alive) return;
                        serve_sockets();
                        wait_for_sockets();
                      });
}

void CurlUpstreamClient::serve_sockets() {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(sockets_.native_handle(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_, event.data.fd, what, &running);
  }
  collect_finished();
  deliver();
}

void CurlUpstreamClient::collect_finished() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    if (transfer->needs_fresh_connection()) {
      curl_multi_remove_handle(multi_, transfer->easy);
      transfer->use_fresh_connection();
      curl_multi_add_handle(multi_, transfer->easy);
      continue;
    }
    transfer->finished(message->data.result);
    ready(*transfer);
    detach(*transfer);
  }
}

void CurlUpstreamClient::deliver_soon() {
  if (std::exchange(delivery_posted_, true)) return;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    delivery_posted_ = false;
    deliver();
  });
}

void CurlUpstreamClient::deliver() {
  while (!ready_.empty()) {
    std::vector<std::shared_ptr<CurlTransfer>> batch;
    batch.swap(ready_);
    for (const auto& transfer : batch) {
      transfer->in_ready_list = false;
      deliver_to(transfer);
    }
  }
}

// The handler may destroy its transfer in any callback; `handler` is null from then on.
void CurlUpstreamClient::deliver_to(const std::shared_ptr<CurlTransfer>& transfer) {
  if (transfer->handler != nullptr && transfer->head_stage_ == CurlTransfer::HeadStage::complete) {
    transfer->head_stage_ = CurlTransfer::HeadStage::delivered;
    transfer->handler->on_head(transfer->status_, std::move(transfer->head_.headers()));
  }
  if (transfer->handler != nullptr && !transfer->paused_ && !transfer->inbox_.empty()) {
    std::string bytes = std::exchange(scratch_, {});
    bytes.swap(transfer->inbox_);
    transfer->inbox_.clear();
    if (!transfer->handler->on_body(bytes)) transfer->paused_ = transfer->handler != nullptr;
    if (bytes.capacity() <= kKeptCapacity) {
      bytes.clear();
      scratch_.swap(bytes);
    }
    if (transfer->handler != nullptr && !transfer->paused_) transfer->unpause_curl();
  }
  if (transfer->handler != nullptr && !transfer->paused_ &&
      transfer->stage_ == CurlTransfer::Stage::over) {
    std::exchange(transfer->handler, nullptr)->on_end(transfer->result_);
  }
}

void CurlUpstreamClient::watch_deadlines() {
  if (deadline_timer_) return;
  deadline_timer_ = loop_.timers().after(kDeadlineTick, [this] {
    deadline_timer_.reset();
    fail_overdue();
    if (!transfers_.empty()) watch_deadlines();
    deliver();
  });
}

void CurlUpstreamClient::fail_overdue() {
  const SteadyTime now = clock_.steady();
  for (std::size_t i = transfers_.size(); i-- > 0;) {  // backwards: detach() moves the last one
    const std::shared_ptr<CurlTransfer> transfer = transfers_[i];
    const UpstreamError overdue = transfer->overdue(now);
    if (overdue == UpstreamError::none) continue;
    transfer->fail(overdue);
    ready(*transfer);
    detach(*transfer);
  }
}

std::unique_ptr<UpstreamClient> make_curl_upstream_client(EventLoop& loop, const Clock& clock,
                                                          const UpstreamClientOptions& options) {
  return std::make_unique<CurlUpstreamClient>(loop, clock, options);
}

}  // namespace responses_proxy
