// Beast's WebSocket stream under a SocketConnection, over TCP or TLS.
//
// permessage-deflate is not offered: nearly everything on this link is a delta of some hundred
// bytes, where it saves little, costs both ends CPU per event, and holds a window per idle socket.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <type_traits>
#include <utility>

#include "upstream/socket_connection.h"

namespace responses_proxy {

// Stream: tcp::socket, or an ssl::stream over one.
template <class Stream>
class SocketTransport final : public SocketConnection {
 public:
  // What the stream is made of comes first, then the connection's arguments.
  template <class... ConnectionArgs>
  SocketTransport(Stream stream, ConnectionArgs&&... args)
      : SocketConnection(std::forward<ConnectionArgs>(args)...), stream_(std::move(stream)) {}

 private:
  using Frame = boost::beast::websocket::frame_type;

  auto self() { return std::static_pointer_cast<SocketTransport>(shared_from_this()); }

  boost::asio::ip::tcp::socket& tcp() override { return boost::beast::get_lowest_layer(stream_); }

  void secure() override {
    if constexpr (std::is_same_v<Stream, boost::asio::ip::tcp::socket>) {
      on_secured({}, "");
    } else {
      stream_.next_layer().async_handshake(
          boost::asio::ssl::stream_base::client, [self = self()](const ErrorCode& error) {
            const long verified = SSL_get_verify_result(self->stream_.next_layer().native_handle());
            self->on_secured(error,
                             verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified));
          });
    }
  }

  void shake_hands() override {
    using boost::beast::websocket::stream_base;
    stream_.auto_fragment(false);  // one frame per message, whatever its size
    stream_.read_message_max(UpstreamSocket::kMaxMessageBytes);
    stream_.control_callback([this](Frame frame, boost::beast::string_view) {
      on_heard();
      if (frame == Frame::close) on_peer_close();
    });
    stream_.set_option(
        stream_base::decorator([this](boost::beast::websocket::request_type& request) {
          for (const Header& field : request_headers()) request.insert(field.name, field.value);
        }));
    auto response = std::make_shared<boost::beast::websocket::response_type>();
    auto& answer = *response;
    stream_.async_handshake(answer, target().authority, target().path,
                            [self = self(), response = std::move(response)](
                                const ErrorCode& error) { self->on_handshake(error, *response); });
  }

  void read(boost::beast::flat_buffer& buffer) override {
    stream_.async_read_some(
        buffer, kReadBytes,
        [self = self()](const ErrorCode& error, std::size_t) { self->on_read(error); });
  }

  void write(const std::string& text) override {
    stream_.text(true);
    stream_.write_buffer_bytes(text.size() > kSmallWrite ? kLargeWrite : kSmallWrite);
    stream_.async_write(
        boost::asio::buffer(text),
        [self = self()](const ErrorCode& error, std::size_t) { self->on_written(error); });
  }

  void ping() override {
    stream_.async_ping({}, [self = self()](const ErrorCode& error) { self->on_ping_sent(error); });
  }

  void say_goodbye(std::uint16_t code) override {
    stream_.async_close(boost::beast::websocket::close_code(code),
                        [self = self()](const ErrorCode&) { self->on_goodbye(); });
  }

  bool message_done() const override { return stream_.is_message_done(); }
  bool message_is_binary() const override { return stream_.got_binary(); }
  bool is_open() const override { return stream_.is_open(); }
  boost::beast::websocket::close_reason peer_reason() const override { return stream_.reason(); }

  // A frame's header announces up to 64 MiB: memory is taken as the bytes come, not before.
  static constexpr std::size_t kReadBytes = 64 * 1024;
  // Messages are masked piece by piece in a buffer that stays for the next one.
  static constexpr std::size_t kSmallWrite = 4 * 1024;
  static constexpr std::size_t kLargeWrite = 16 * 1024;

  boost::beast::websocket::stream<Stream, /*deflateSupported=*/false> stream_;
};

}  // namespace responses_proxy
