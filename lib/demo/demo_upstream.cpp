#include "demo/demo_upstream.h"

#include <fmt/format.h>
#include <httplib.h>

#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "demo/demo_api.h"
#include "demo/demo_responses.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxBody = 32 * 1024 * 1024;
constexpr std::size_t kThreads = 64;  // a connection holds one for its whole life
constexpr std::size_t kRequestsPerConnection = 100'000;
constexpr int kIdleSeconds = 2;

// The token, if it is one the demo accepts.
Result<std::string> token_of(const httplib::Request& request) {
  const std::string authorization = request.get_header_value("Authorization");
  if (authorization.rfind("Bearer sk-demo-", 0) == 0) return authorization.substr(7);
  return Error::refused(
      401, "invalid_api_key",
      "Incorrect API key provided. The demo upstream takes keys that begin with sk-demo-.");
}

void send(httplib::Response& response, const Result<Json>& result) {
  response.status = result ? 200 : result.error().status;
  response.set_content(result ? dump(*result) : result.error().to_json(), "application/json");
}

}  // namespace

class DemoUpstream::Impl {
 public:
  Impl(const Clock& clock, Random& random, Millis delta_pause);
  ~Impl() { stop(); }

  Result<std::string> start();
  void stop();
  const std::string& base_url() const { return base_url_; }

 private:
  // What the API answers to the holder of that token.
  using Call = std::function<Result<Json>(const std::string& token, const httplib::Request&)>;

  void add_routes();
  httplib::Server::Handler answered_by(Call call);
  template <class Member>
  httplib::Server::Handler with_id(Member member);
  void create(const httplib::Request& request, httplib::Response& response);
  void stream(const demo::DemoApi::Created& created, httplib::Response& response) const;

  const Millis delta_pause_;
  demo::DemoApi api_;
  std::string base_url_;
  httplib::Server server_;
  std::thread thread_;
};

DemoUpstream::Impl::Impl(const Clock& clock, Random& random, Millis delta_pause)
    : delta_pause_(delta_pause), api_(clock, random, kMaxRemembered) {
  server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server_.set_payload_max_length(kMaxBody);
  server_.set_tcp_nodelay(true);
  server_.set_keep_alive_max_count(kRequestsPerConnection);
  server_.set_keep_alive_timeout(kIdleSeconds);
  add_routes();
}

Result<std::string> DemoUpstream::Impl::start() {
  const int port = server_.bind_to_any_port("127.0.0.1");
  if (port < 0) return Error::unavailable(500, "bind", "The demo upstream found no free port");
  base_url_ = fmt::format("http://127.0.0.1:{}/v1", port);
  thread_ = std::thread([this] { server_.listen_after_bind(); });
  // stop() is lost on a server that does not run yet, and nothing announces that it does.
  while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return base_url_;
}

void DemoUpstream::Impl::stop() {
  if (!thread_.joinable()) return;
  server_.stop();
  thread_.join();
}

httplib::Server::Handler DemoUpstream::Impl::answered_by(Call call) {
  return
      [this, call = std::move(call)](const httplib::Request& request, httplib::Response& response) {
        response.set_header("x-request-id", api_.new_id("req"));
        const Result<std::string> token = token_of(request);
        send(response, token ? call(*token, request) : Result<Json>(token.error()));
      };
}

template <class Member>
httplib::Server::Handler DemoUpstream::Impl::with_id(Member member) {
  return answered_by([this, member](const std::string& token, const httplib::Request& request) {
    return (api_.*member)(token, request.matches[1]);
  });
}

void DemoUpstream::Impl::add_routes() {
  using demo::DemoApi;
  using Request = httplib::Request;
  using Token = std::string;

  server_.Post("/v1/responses", [this](const Request& request, httplib::Response& response) {
    create(request, response);
  });
  server_.Post("/v1/responses/compact", answered_by([this](const Token&, const Request& r) {
                 return api_.compact(r.body);
               }));
  server_.Post("/v1/responses/input_tokens", answered_by([this](const Token&, const Request& r) {
                 return api_.input_tokens(r.body);
               }));
  server_.Get("/v1/responses/([^/]+)", with_id(&DemoApi::response));
  server_.Delete("/v1/responses/([^/]+)", with_id(&DemoApi::delete_response));
  server_.Post("/v1/responses/([^/]+)/cancel", with_id(&DemoApi::cancel));
  server_.Get("/v1/responses/([^/]+)/input_items", with_id(&DemoApi::input_items));

  server_.Post("/v1/conversations", answered_by([this](const Token& token, const Request& r) {
                 return api_.create_conversation(token, r.body);
               }));
  server_.Get("/v1/conversations/([^/]+)", with_id(&DemoApi::conversation));
  server_.Delete("/v1/conversations/([^/]+)", with_id(&DemoApi::delete_conversation));

  server_.Get("/v1/models",
              answered_by([this](const Token&, const Request&) { return api_.models(); }));
  server_.Get("/v1/models/(.+)", answered_by([this](const Token&, const Request& r) {
                return api_.model(r.matches[1]);
              }));
  server_.set_error_handler([](const Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    const char* what =
        response.status == 404 ? "Invalid URL" : "The demo upstream cannot take this";
    std::string message = fmt::format("{} ({} {})", what, request.method, request.path);
    send(response, Error{response.status, "invalid_request_error", "", std::move(message), "", {}});
  });
}

void DemoUpstream::Impl::create(const httplib::Request& request, httplib::Response& response) {
  response.set_header("x-request-id", api_.new_id("req"));
  const Result<std::string> token = token_of(request);
  if (!token) return send(response, token.error());
  Result<demo::DemoApi::Created> created = api_.create(*token, request.body);
  if (!created) return send(response, created.error());
  if (created->stream) return stream(*created, response);
  send(response, std::move(created->response));
}

void DemoUpstream::Impl::stream(const demo::DemoApi::Created& created,
                                httplib::Response& response) const {
  response.set_header("Cache-Control", "no-cache");
  response.set_chunked_content_provider(
      "text/event-stream; charset=utf-8",
      [events = demo::events_of(created.response, created.text), next = std::size_t{0},
       pause = delta_pause_](std::size_t, httplib::DataSink& sink) mutable {
        if (next > 0) std::this_thread::sleep_for(pause);
        if (!sink.write(events[next].data(), events[next].size())) return false;
        if (++next == events.size()) sink.done();
        return true;
      });
}

DemoUpstream::DemoUpstream(const Clock& clock, Random& random, Millis delta_pause)
    : impl_(std::make_unique<Impl>(clock, random, delta_pause)) {}
DemoUpstream::~DemoUpstream() = default;

Result<std::string> DemoUpstream::start() {
  return impl_->start();
}
const std::string& DemoUpstream::base_url() const {
  return impl_->base_url();
}
void DemoUpstream::stop() {
  impl_->stop();
}

}  // namespace responses_proxy
