// The listener behind TLS: handshakes that do not end, what TLS may be spoken, and that bytes come
// whole whatever the sockets take.
#include <doctest/doctest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <csignal>
#include <memory>
#include <string>

#include "core/json.h"
#include "fakes/manual_clock.h"
#include "fakes/own_certificate.h"
#include "fakes/temp_folder.h"
#include "fakes/wait_until.h"
#include "integration/raw_client.h"
#include "responses_proxy/event_loop.h"
#include "server/http_listener.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;
namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

namespace {

constexpr std::size_t kLarge = 3 * 1024 * 1024;  // more than the sockets hold

class EchoMessages final : public SocketSession {
 public:
  explicit EchoMessages(std::shared_ptr<SocketWriter> writer) : writer_(std::move(writer)) {}
  bool on_message(std::string text) override {
    writer_->send(text);
    return true;
  }
  void on_writable() override {}
  void on_closed() override { writer_.reset(); }
  bool idle() const override { return true; }

 private:
  std::shared_ptr<SocketWriter> writer_;
};

// Echoes bodies and messages.
class TlsRig {
 public:
  explicit TlsRig(HandshakeLimits handshakes = {}) {
    std::signal(SIGPIPE, SIG_IGN);  // as rp-server does: OpenSSL writes to sockets that are gone
    ListenerHandlers handlers;
    handlers.serve = [](std::size_t, const Request& request,
                        const std::shared_ptr<ResponseWriter>& writer) {
      writer->start({.status = 200, .headers = {}, .content_length = request.body.size()});
      writer->write(request.body);
      writer->finish();
    };
    handlers.accepts_socket = [](const Request&) { return true; };
    handlers.open_socket = [](const Request&, std::shared_ptr<SocketWriter> writer) {
      return std::make_shared<EchoMessages>(std::move(writer));
    };
    ListenerLimits limits;
    limits.handshakes = handshakes;
    listener_ = std::make_unique<HttpListener>(loops_, ListenPlace{"127.0.0.1"}, limits, clock_,
                                               std::move(handlers), &tls_);
    listener_->start();
    loops_.start();
  }
  ~TlsRig() { loops_.stop(); }

  std::uint16_t port() const { return listener_->port(); }
  ManualClock& clock() { return clock_; }
  HttpListener& listener() { return *listener_; }
  ListenerTls& tls() { return tls_; }
  void write(const OwnCertificate& certificate) {
    certificate.write(files_.certificate);
    certificate.write_key(files_.key);
  }
  const OwnCertificate& certificate() const { return certificate_; }

 private:
  static const ListenerTls::Files& with(const ListenerTls::Files& files,
                                        const OwnCertificate& certificate) {
    certificate.write(files.certificate);
    certificate.write_key(files.key);
    return files;
  }

  TempFolder folder_;
  const OwnCertificate certificate_{"IP:127.0.0.1"};
  const ListenerTls::Files files_{(folder_.path() / "cert.pem").string(),
                                  (folder_.path() / "key.pem").string(), ""};
  ManualClock clock_;
  ListenerTls tls_{with(files_, certificate_)};
  EventLoops loops_{1};
  std::unique_ptr<HttpListener> listener_;
};

class TlsClient {
 public:
  using Stream = ssl::stream<tcp::socket>;

  explicit TlsClient(const OwnCertificate& trusted) : context_(ssl::context::tls_client) {
    trusted.trust_in(context_);
    context_.set_verify_mode(ssl::verify_peer);
    stream_ = std::make_unique<Stream>(io_, context_);
  }
  SSL* session() { return stream_->native_handle(); }
  Stream& stream() { return *stream_; }

  boost::system::error_code shake_hands(std::uint16_t port) {
    boost::system::error_code error;
    stream_->next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), port});
    stream_->handshake(Stream::client, error);
    return error;
  }
  void send(const std::string& bytes) { boost::asio::write(*stream_, boost::asio::buffer(bytes)); }
  // Until `bytes` have come, or the end.
  std::string read(std::size_t bytes) {
    std::string text(bytes, '\0');
    boost::system::error_code error;
    text.resize(boost::asio::read(*stream_, boost::asio::buffer(text), error));
    return text;
  }
  std::string read_until(const std::string& mark) {
    std::string text;
    while (text.find(mark) == std::string::npos) {
      const std::string more = read(1);
      if (more.empty()) break;
      text += more;
    }
    return text;
  }

 private:
  boost::asio::io_context io_;
  ssl::context context_;
  std::unique_ptr<Stream> stream_;
};

std::string post(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string many_letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; text.size() < count; ++i) text += std::to_string(i) + ",";
  return text;
}

// Until the server has closed it.
bool ends(RawClient& client) {
  return client.read_to_end().empty();
}

}  // namespace

TEST_CASE("requests and answers come whole, small and large, one after the other") {
  TlsRig rig;
  TlsClient client(rig.certificate());
  REQUIRE_FALSE(client.shake_hands(rig.port()));
  for (const std::size_t size : {std::size_t{1}, std::size_t{1'000}, kLarge, std::size_t{17}}) {
    const std::string body = many_letters(size);
    client.send(post(body));
    const std::string head = client.read_until("\r\n\r\n");
    CHECK(head.find("content-length: " + std::to_string(body.size())) != std::string::npos);
    CHECK(client.read(body.size()) == body);
  }
}

TEST_CASE("messages of a WebSocket come whole, and it closes in order") {
  namespace websocket = boost::beast::websocket;
  TlsRig rig;
  TlsClient client(rig.certificate());
  REQUIRE_FALSE(client.shake_hands(rig.port()));
  websocket::stream<TlsClient::Stream&> socket(client.stream());
  socket.read_message_max(2 * kLarge);
  socket.handshake("localhost", "/v1/responses");
  for (const std::size_t size : {std::size_t{1}, kLarge, std::size_t{100}}) {
    const std::string text = many_letters(size);
    socket.write(boost::asio::buffer(text));
    boost::beast::flat_buffer buffer;
    socket.read(buffer);
    CHECK(std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size()) == text);
  }
  CHECK(rig.listener().open_sockets() == 1);
  CHECK_NOTHROW(socket.close(websocket::close_code::normal));
  CHECK(wait_until([&] { return rig.listener().open_sockets() == 0; }));
}

TEST_CASE("TLS older than 1.2 is refused") {
  TlsRig rig;
  TlsClient client(rig.certificate());
  SSL_set_security_level(client.session(), 0);
  SSL_set_min_proto_version(client.session(), TLS1_1_VERSION);
  SSL_set_max_proto_version(client.session(), TLS1_1_VERSION);
  CHECK(client.shake_hands(rig.port()));
}

TEST_CASE("HTTP/1.1 is agreed on, and nothing else") {
  TlsRig rig;
  TlsClient client(rig.certificate());
  const auto offer = [&](std::string protocols) {
    SSL_set_alpn_protos(client.session(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    return client.shake_hands(rig.port());
  };
  SUBCASE("beside others") {
    REQUIRE_FALSE(offer("\x02h2\x08http/1.1"));
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(client.session(), &chosen, &length);
    CHECK(std::string_view(reinterpret_cast<const char*>(chosen), length) == "http/1.1");
  }
  SUBCASE("not at all") {
    CHECK(offer("\x02h2"));
  }
}

TEST_CASE("who speaks HTTP to it is told so") {
  TlsRig rig;
  RawClient client(rig.port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string& answer = client.read_to_end();
  CHECK(answer.rfind("HTTP/1.1 400 ", 0) == 0);
  CHECK(answer.find("\r\ndate: ") != std::string::npos);
  const Json body = Json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  CHECK(body.at("error").at("code") == "tls_required");
}

TEST_CASE("a handshake that does not end is ended") {
  TlsRig rig({.most = 10, .deadline = Millis(10'000)});
  RawClient silent(rig.port());
  RawClient half(rig.port());
  half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));  // the beginning of a hello
  TlsClient quick(rig.certificate());
  REQUIRE_FALSE(quick.shake_hands(rig.port()));  // so both have been accepted
  rig.clock().advance(Millis(10'001));
  CHECK(ends(silent));
  CHECK(ends(half));
  quick.send(post("still there"));
  CHECK(quick.read_until("still there").find("200") != std::string::npos);
}

TEST_CASE("clients that do nothing keep nobody out") {
  TlsRig rig({.most = 3, .deadline = Millis(10'000)});
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(std::make_unique<RawClient>(rig.port()));
  TlsClient client(rig.certificate());
  REQUIRE_FALSE(client.shake_hands(rig.port()));
  client.send(post("served"));
  CHECK(client.read_until("served").find("200") != std::string::npos);
  for (int i = 0; i < 5; ++i) CHECK(ends(*silent[static_cast<std::size_t>(i)]));
}

TEST_CASE("a new certificate is for new connections") {
  TlsRig rig;
  TlsClient before(rig.certificate());
  REQUIRE_FALSE(before.shake_hands(rig.port()));
  const OwnCertificate other("IP:127.0.0.1");
  rig.write(other);
  rig.tls().reload();
  TlsClient after(other);
  CHECK_FALSE(after.shake_hands(rig.port()));
  TlsClient outdated(rig.certificate());
  CHECK(outdated.shake_hands(rig.port()));
  before.send(post("as before"));
  CHECK(before.read_until("as before").find("200") != std::string::npos);
}

TEST_CASE("a connection that drains says good-bye") {
  TlsRig rig;
  TlsClient client(rig.certificate());
  REQUIRE_FALSE(client.shake_hands(rig.port()));
  client.send(post("one"));
  client.read_until("one");
  rig.listener().drain();
  std::string more(1, '\0');
  boost::system::error_code error;
  boost::asio::read(client.stream(), boost::asio::buffer(more), error);
  CHECK(error == boost::asio::error::eof);  // not "stream truncated"
}
