#include "redis/redis_stream.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/address_walk.h"

namespace responses_proxy {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Walk = AddressWalk<Socket>;

// Connects the socket below whatever is spoken over it. The owner keeps it alive meanwhile.
class Connector {
 public:
  Connector(EventLoop& loop, const RedisOptions& options)
      : options_(options), timers_(loop.timers()), resolver_(loop.context()) {}

  void connect(Socket& socket, Millis within, RedisStream::Done done) {
    if (!options_.unix_socket.empty()) {
      connect_to({asio::local::stream_protocol::endpoint(options_.unix_socket)}, socket, within,
                 std::move(done));
      return;
    }
    // Asio looks names up on a thread of its own, so the loop does not wait for DNS.
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [this, &socket, within, done = std::move(done)](
            error_code error, const asio::ip::tcp::resolver::results_type& found) mutable {
          if (error) return done(error);
          Walk::Addresses addresses;
          for (const auto& entry : found) addresses.emplace_back(entry.endpoint());
          connect_to(std::move(addresses), socket, within, std::move(done));
        });
  }
  void cancel() {
    resolver_.cancel();
    if (connecting_) connecting_->cancel();
  }

 private:
  void connect_to(Walk::Addresses addresses, Socket& socket, Millis within,
                  RedisStream::Done done) {
    connecting_ = std::make_shared<Walk>(socket, std::move(addresses), within, timers_);
    connecting_->start(std::move(done));
  }

  const RedisOptions options_;
  Timers& timers_;
  asio::ip::tcp::resolver resolver_;
  std::shared_ptr<Walk> connecting_;
};

class PlainStream final : public RedisStream {
 public:
  PlainStream(EventLoop& loop, const RedisOptions& options)
      : connector_(loop, options), socket_(loop.context()) {}

  void connect(Millis within, Done done) override {
    connector_.connect(socket_, within, std::move(done));
  }
  void read_some(asio::mutable_buffer buffer, Transferred done) override {
    socket_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer buffer, Transferred done) override {
    asio::async_write(socket_, buffer, std::move(done));
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Connector connector_;
  Socket socket_;
};

// The certificate must be valid for the host and lead to a CA the system trusts (or SSL_CERT_FILE).
class TlsStream final : public RedisStream {
 public:
  TlsStream(EventLoop& loop, const RedisOptions& options)
      : host_(options.host),
        connector_(loop, options),
        tls_(asio::ssl::context::tls_client),
        stream_(loop.context(), trusting(tls_)) {
    stream_.set_verify_callback(asio::ssl::host_name_verification(host_));
    error_code no_address;
    asio::ip::make_address(host_, no_address);
    if (no_address) SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
  }

  void connect(Millis within, Done done) override {
    connector_.connect(stream_.next_layer(), within,
                       [this, done = std::move(done)](error_code error) mutable {
                         if (error) return done(error);
                         stream_.async_handshake(asio::ssl::stream_base::client, std::move(done));
                       });
  }
  void read_some(asio::mutable_buffer buffer, Transferred done) override {
    stream_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer buffer, Transferred done) override {
    asio::async_write(stream_, buffer, std::move(done));
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  static asio::ssl::context& trusting(asio::ssl::context& tls) {
    error_code ignored;  // nothing trusted: every handshake fails and says so
    tls.set_default_verify_paths(ignored);
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    return tls;
  }

  const std::string host_;
  Connector connector_;
  asio::ssl::context tls_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::shared_ptr<RedisStream> make_redis_stream(EventLoop& loop, const RedisOptions& options) {
  if (options.tls) return std::make_shared<TlsStream>(loop, options);
  return std::make_shared<PlainStream>(loop, options);
}

}  // namespace responses_proxy
