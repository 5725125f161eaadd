// The authorities that a configuration names hold for all that its Runtime opens, over HTTP and
// over WebSocket.
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_response_writer.h"
#include "fakes/recording_sink.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/runtime.h"
#include "responses_proxy/web_socket.h"
#include "unit/upstream/tls_echo_server.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct SentEvents final : SocketWriter {
  bool send(std::string_view text) override {
    events.emplace_back(text);
    return true;
  }
  std::size_t unsent_bytes() const override { return 0; }
  void on_idle() override {}
  void on_message_read() override {}
  std::vector<std::string> events;
};

// A runtime with one resource, at that server, on the loop of the test.
class TrustRig {
 public:
  TrustRig(const TlsEchoServer& server, Config config) {
    config.database_url = Secret("sqlite:///" + (folder_.path() / "proxy.sqlite3").string());
    config.health_check_enabled = false;
    Resource resource;
    resource.id = "one";
    resource.base_url = server.url("localhost");
    resource.credential = Secret("sk-test-one");
    config.resources = {resource};
    RuntimeOptions options;
    options.loops = &loops_;
    options.telemetry = &sink_;
    runtime_ = std::make_unique<Runtime>(config, options);
    runtime_->start();
  }
  ~TrustRig() { runtime_->stop(); }

  // The status that the client gets.
  int document() {
    Request request = request_of("POST");
    request.headers.add("content-type", "application/json");
    request.body = R"({"model":"m","input":"hi"})";
    auto client = std::make_shared<FakeResponseWriter>();
    runtime_->proxy().handle(std::move(request), client);
    run_until([&] { return client->end != FakeResponseWriter::End::none; });
    return client->head ? client->head->status : 0;
  }

  // The first that the client gets: what the server echoes, or an error.
  std::string turn() {
    auto writer = std::make_shared<SentEvents>();
    std::shared_ptr<SocketSession> session;
    loop_.post([&] {
      session = runtime_->proxy().open_socket(request_of("GET"), writer);
      session->on_message(R"({"type":"response.create","model":"m","input":"hi"})");
    });
    run_until([&] { return !writer->events.empty(); });
    bool closed = false;
    loop_.post([&] {
      session->on_closed();
      closed = true;
    });
    run_until([&] { return closed && runtime_->proxy().active_exchanges() == 0; });
    return writer->events.empty() ? std::string() : writer->events.front();
  }

 private:
  static Request request_of(const char* method) {
    Request request;
    request.method = method;
    request.path = "/v1/responses";
    return request;
  }
  // Or until the test hangs: whoever asks finds out.
  void run_until(const std::function<bool()>& done) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done() && std::chrono::steady_clock::now() < patience) {
      context_.run_one_for(std::chrono::seconds(1));
    }
  }

  TempFolder folder_;
  boost::asio::io_context context_{1};
  EventLoop loop_{context_};
  EventLoops loops_{{&loop_}};
  RecordingSink sink_;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace

TEST_CASE("each variable for authorities holds for HTTP and for WebSocket") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  const std::string file = folder.path() / "ca.pem";
  certificate.write(file);
  const std::filesystem::path hashed = folder.path() / "hashed";
  std::filesystem::create_directories(hashed);
  certificate.write(hashed / certificate.hashed_name());
  const TlsEchoServer server(certificate);

  Config nobody;
  Config ca_file;
  ca_file.upstream_ca_file = file;
  Config cert_file;
  cert_file.ssl_cert_file = file;
  Config cert_dir;
  cert_dir.ssl_cert_dir = hashed;
  struct {
    const char* variable;
    const Config& config;
    bool trusted;
  } const rows[] = {{"none", nobody, false},
                    {"PROXY_UPSTREAM_CA_FILE", ca_file, true},
                    {"SSL_CERT_FILE", cert_file, true},
                    {"SSL_CERT_DIR", cert_dir, true}};
  for (const auto& row : rows) {
    const std::string variable = row.variable;
    CAPTURE(variable);
    TrustRig rig(server, row.config);
    CHECK(rig.document() == (row.trusted ? 200 : 502));
    const std::string first = rig.turn();
    CAPTURE(first);
    CHECK((first.find("\"response.create\"") != std::string::npos) == row.trusted);
    CHECK((first.find("upstream_connect_certificate") != std::string::npos) != row.trusted);
  }
}
