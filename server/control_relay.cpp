#include "server/control_relay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "core/error_head.h"
#include "core/field_set.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

namespace {

constexpr Millis kLongest{std::chrono::hours(24)};  // /admin/events stays open

constexpr FieldSet kHopByHop{
    FieldId::connection, FieldId::keep_alive, FieldId::transfer_encoding, FieldId::te,
    FieldId::upgrade,    FieldId::trailer,    FieldId::content_length,    FieldId::expect};

// What the control plane reads. The others only cost: its library refuses a request with a line of
// more than 8 KiB, as browsers send where they have many cookies for one host, and obeys Range,
// which nothing there is for. Accept-Encoding would make it compress: it does not cross a network,
// and a HEAD could not say the length of the body.
constexpr std::array<std::string_view, 10> kGoesUp = {
    "accept",   "authorization", "content-encoding", "content-type",      "host",
    "if-match", "if-none-match", "origin",           "x-forwarded-proto", "sec-fetch-site"};

bool goes_up(const Header& field) {
  return std::any_of(kGoesUp.begin(), kGoesUp.end(),
                     [&](std::string_view name) { return equals_ignore_case(field.name, name); });
}

// "?" may stand in a query as it is (RFC 3986 section 3.4), but the control plane's library takes
// it for the begin of a second one.
std::string one_query(std::string_view query) {
  std::string text;
  for (const char byte : query) {
    if (byte == '?') {
      text += "%3F";
    } else {
      text += byte;
    }
  }
  return text;
}

class Relay final : public UpstreamHandler, public ResponseObserver {
 public:
  Relay(Request request, std::shared_ptr<ResponseWriter> writer, std::atomic<std::size_t>& active)
      : request_(std::move(request)), writer_(std::move(writer)), active_(active) {
    active_.fetch_add(1, std::memory_order_relaxed);
  }
  ~Relay() { active_.fetch_sub(1, std::memory_order_relaxed); }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void start(std::shared_ptr<Relay> self, UpstreamClient& client, const std::string& unix_socket) {
    self_ = std::move(self);
    writer_->observe(this);
    UpstreamRequest upstream;
    // What GET would say; some versions of the control plane's library count HEAD wrong.
    upstream.method = is_head() ? "GET" : request_.method;
    upstream.url = "http://control" + request_.path;
    if (!request_.query.empty()) upstream.url.append("?").append(one_query(request_.query));
    upstream.unix_socket = unix_socket;
    for (const Header& field : request_.headers) {
      if (goes_up(field)) upstream.headers.add(field);
    }
    // A kept connection would hold one of the control plane's threads.
    upstream.headers.add("connection", "close");
    upstream.body = request_.body;
    upstream.timeouts.total = kLongest;
    transfer_ = client.start(std::move(upstream), *this);
  }

 private:
  void on_head(int status, Headers headers) override {
    ResponseHead head;
    head.status = status;
    if (const auto length = headers.find("content-length")) {
      std::uint64_t bytes = 0;
      std::from_chars(length->data(), length->data() + length->size(), bytes);
      head.content_length = bytes;
    }
    for (const Header& field : headers) {
      if (!kHopByHop.contains(field.id)) head.headers.add(field);
    }
    started_ = true;
    writer_->start(std::move(head));
    if (is_head()) end_at_head();
  }

  bool is_head() const { return request_.method == "HEAD"; }
  void end_at_head() {
    writer_->finish();
    transfer_.reset();
    self_.reset();
  }

  bool on_body(std::string_view bytes) override { return writer_->write(bytes); }

  void on_end(const UpstreamResult& result) override {
    if (!started_) {
      refuse();
    } else if (result.error == UpstreamError::none) {
      writer_->finish();
    } else {
      writer_->abort();
    }
    self_.reset();
  }

  void on_writable() override { transfer_->resume(); }
  void on_closed() override {
    transfer_.reset();
    self_.reset();
  }

  void refuse() {
    const Error error =
        Error::unavailable(503, "control_plane_unavailable", "The control plane does not answer.");
    const std::string body = error.to_json();
    writer_->start(error_head(error, body.size()));
    writer_->write(body);
    writer_->finish();
  }

  const Request request_;
  const std::shared_ptr<ResponseWriter> writer_;
  std::atomic<std::size_t>& active_;
  std::unique_ptr<UpstreamTransfer> transfer_;
  bool started_ = false;
  std::shared_ptr<Relay> self_;
};

}  // namespace

void relay_to_control_plane(UpstreamClient& client, const std::string& unix_socket, Request request,
                            std::shared_ptr<ResponseWriter> writer,
                            std::atomic<std::size_t>& active) {
  auto relay = std::make_shared<Relay>(std::move(request), std::move(writer), active);
  Relay& target = *relay;
  target.start(std::move(relay), client, unix_socket);
}

}  // namespace responses_proxy
