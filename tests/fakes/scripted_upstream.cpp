#include "fakes/scripted_upstream.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "fakes/upstream_connection.h"

namespace responses_proxy::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

std::string_view path_of(const RecordedRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

struct CountedRule {
  Rule rule;
  std::size_t used = 0;

  bool matches(const RecordedRequest& request) const {
    return (rule.key.empty() || rule.key == request.key) &&
           (rule.method.empty() || rule.method == request.method) &&
           (rule.path.empty() || rule.path == path_of(request));
  }
  // nullptr when all replies are used up.
  const Reply* next() const {
    if (used < rule.replies.size()) return &rule.replies[used];
    return rule.repeat_last && !rule.replies.empty() ? &rule.replies.back() : nullptr;
  }
  Reply take() {
    const Reply reply = *next();
    ++used;
    return reply;
  }
};

struct Served {
  std::unique_ptr<UpstreamConnection> connection;
  std::thread thread;
  bool done = false;
};

}  // namespace

struct ScriptedUpstream::Impl final : UpstreamScript {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  const std::uint16_t port = acceptor.local_endpoint().port();

  mutable std::mutex mutex;  // guards everything below
  mutable std::condition_variable changed;
  std::vector<CountedRule> rules;
  Answer fallback = default_answer;
  std::set<std::string> gates;
  std::vector<RecordedRequest> requests;
  UpstreamCounts counts;
  std::list<Served> connections;
  bool ending = false;

  std::thread accepting{[this] { accept(); }};

  ~Impl();
  void accept();
  void begin(tcp::socket socket, std::string_view received);
  void serve(Served& served);
  void join_finished();
  void begin(RecordedRequest& request);
  CountedRule* rule_for(const RecordedRequest& request);

  std::optional<Reply> early_reply(RecordedRequest head) override;
  Reply next_reply(RecordedRequest request) override;
  void reply_ended(ReplyEnd end) override;
  void body_sent(std::size_t bytes) override;
  bool gate_open(const std::string& name) override;
  bool stopping() override;
};

ScriptedUpstream::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex);
    ending = true;
    for (const Served& served : connections) {
      served.connection->shut_down();
      served.connection->wake();
    }
  }
  // Wakes the blocking accept; closing the descriptor under it would not.
  ::shutdown(acceptor.native_handle(), SHUT_RDWR);
  accepting.join();
  for (Served& served : connections) served.thread.join();
}

void ScriptedUpstream::Impl::accept() {
  for (;;) {
    tcp::socket socket(context);
    error_code error;
    acceptor.accept(socket, error);
    if (stopping()) return;
    if (!error) begin(std::move(socket), {});
  }
}

void ScriptedUpstream::Impl::begin(tcp::socket socket, std::string_view received) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  join_finished();
  const std::lock_guard lock(mutex);
  if (connections.size() >= kMaxConnections) return;
  Served& served = connections.emplace_back();
  served.connection = std::make_unique<UpstreamConnection>(std::move(socket), received,
                                                           ++counts.connections, *this);
  ++counts.open_connections;
  served.thread = std::thread([this, &served] { serve(served); });
  changed.notify_all();
}

void ScriptedUpstream::Impl::serve(Served& served) {
  served.connection->serve();
  const std::lock_guard lock(mutex);
  --counts.open_connections;
  served.done = true;
  changed.notify_all();
}

void ScriptedUpstream::Impl::join_finished() {
  std::list<Served> finished;
  {
    const std::lock_guard lock(mutex);
    for (auto it = connections.begin(); it != connections.end();) {
      const auto next = std::next(it);
      if (it->done) finished.splice(finished.end(), connections, it);
      it = next;
    }
  }
  for (Served& served : finished) served.thread.join();
}

// With the mutex held.
void ScriptedUpstream::Impl::begin(RecordedRequest& request) {
  request.number = ++counts.requests;
  requests.push_back(request);
  ++counts.in_flight;
  changed.notify_all();
}

// With the mutex held; nullptr when only the default is left.
CountedRule* ScriptedUpstream::Impl::rule_for(const RecordedRequest& request) {
  for (CountedRule& rule : rules) {
    if (rule.matches(request) && rule.next() != nullptr) return &rule;
  }
  return nullptr;
}

std::optional<Reply> ScriptedUpstream::Impl::early_reply(RecordedRequest head) {
  const std::lock_guard lock(mutex);
  CountedRule* rule = rule_for(head);
  if (rule == nullptr || !rule->next()->before_body) return std::nullopt;
  begin(head);
  return rule->take();
}

Reply ScriptedUpstream::Impl::next_reply(RecordedRequest request) {
  Answer answer;
  {
    const std::lock_guard lock(mutex);
    begin(request);
    if (CountedRule* rule = rule_for(request)) return rule->take();
    answer = fallback;
  }
  return answer(request);
}

void ScriptedUpstream::Impl::reply_ended(ReplyEnd end) {
  const std::lock_guard lock(mutex);
  --counts.in_flight;
  if (end == ReplyEnd::aborted) ++counts.aborted;
  changed.notify_all();
}

void ScriptedUpstream::Impl::body_sent(std::size_t bytes) {
  const std::lock_guard lock(mutex);
  counts.body_bytes += bytes;
  changed.notify_all();
}

bool ScriptedUpstream::Impl::gate_open(const std::string& name) {
  const std::lock_guard lock(mutex);
  return gates.count(name) > 0;
}

bool ScriptedUpstream::Impl::stopping() {
  const std::lock_guard lock(mutex);
  return ending;
}

Reply& Reply::insert(std::size_t index, Step step) {
  const auto at = static_cast<std::ptrdiff_t>(std::min(index, steps.size()));
  steps.insert(steps.begin() + at, std::move(step));
  return *this;
}

ScriptedUpstream::ScriptedUpstream() : impl_(std::make_unique<Impl>()) {}
ScriptedUpstream::~ScriptedUpstream() = default;

std::uint16_t ScriptedUpstream::port() const {
  return impl_->port;
}

std::string ScriptedUpstream::base_url() const {
  return fmt::format("http://127.0.0.1:{}/v1", impl_->port);
}

void ScriptedUpstream::adopt(int connected_socket, std::string_view received) {
  impl_->begin(tcp::socket(impl_->context, tcp::v4(), connected_socket), received);
}

void ScriptedUpstream::add(Rule rule) {
  const std::lock_guard lock(impl_->mutex);
  impl_->rules.push_back({std::move(rule)});
}

void ScriptedUpstream::on_key(std::string key, std::vector<Reply> replies) {
  add({std::move(key), "POST", {}, std::move(replies)});
}

void ScriptedUpstream::set_default(Answer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fallback = std::move(answer);
}

void ScriptedUpstream::open_gate(const std::string& name) {
  const std::lock_guard lock(impl_->mutex);
  impl_->gates.insert(name);
  for (const Served& served : impl_->connections) served.connection->wake();
}

UpstreamCounts ScriptedUpstream::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts;
}

std::vector<RecordedRequest> ScriptedUpstream::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::vector<RecordedRequest> ScriptedUpstream::requests_of(std::string_view key) const {
  std::vector<RecordedRequest> all = requests();
  std::erase_if(all, [key](const RecordedRequest& request) { return request.key != key; });
  return all;
}

bool ScriptedUpstream::wait_until(
    const std::function<bool(const UpstreamCounts&)>& condition) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, kPatience, [&] { return condition(impl_->counts); });
}

bool ScriptedUpstream::wait_for_requests(std::size_t n) const {
  return wait_until([n](const UpstreamCounts& counts) { return counts.requests >= n; });
}

bool ScriptedUpstream::wait_for_aborted(std::size_t n) const {
  return wait_until([n](const UpstreamCounts& counts) { return counts.aborted >= n; });
}

bool ScriptedUpstream::wait_until_idle() const {
  return wait_until([](const UpstreamCounts& counts) { return counts.in_flight == 0; });
}

}  // namespace responses_proxy::testing
