#include "upstream/socket_opening.h"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <utility>

#include "core/content_encoding.h"
#include "core/field_syntax.h"
#include "web_socket/handshake.h"

namespace responses_proxy {

namespace {

constexpr int kSwitchingProtocols = 101;

bool lists(const Headers& headers, std::string_view name, std::string_view token) {
  return std::any_of(headers.begin(), headers.end(), [&](const Header& field) {
    return equals_ignore_case(field.name, name) &&
           boost::beast::http::token_list({field.value.data(), field.value.size()})
               .exists({token.data(), token.size()});
  });
}

std::string handshake_request(const SocketTarget& target, std::string_view path,
                              const Headers& headers, std::string_view key) {
  std::string text = "GET ";
  if (!path.starts_with('/')) text.append("/");
  text.append(path).append(" HTTP/1.1\r\nHost: ").append(target.authority);
  text.append("\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: ").append(key);
  text.append("\r\nSec-WebSocket-Version: 13\r\n");
  for (const Header& field : headers) {
    if (!is_field_name(field.name) || !is_field_value(field.value)) return "";
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return text.append("\r\n");
}

// RFC 6455 section 4.1. Nothing was offered that an answer could choose.
std::string_view objection_to(const Headers& answer, std::string_view key) {
  if (!lists(answer, "upgrade", "websocket") || !lists(answer, "connection", "upgrade")) {
    return "it switches to a protocol nobody asked for";
  }
  if (answer.get("sec-websocket-accept") != socket_accept(key)) {
    return "it accepts another handshake than ours";
  }
  if (answer.find("sec-websocket-extensions")) return "it chooses an extension nobody offered";
  if (answer.find("sec-websocket-protocol")) return "it chooses a subprotocol nobody offered";
  return "";
}

// Nobody asked for a coding. One that cannot be taken off stays: the status says enough.
void take_coding_off(UpstreamSocketOpen& refusal) {
  const auto coding = refusal.headers.find("content-encoding");
  if (!coding) return;
  auto decoded = decode_content(*coding, refusal.body, UpstreamSocket::kMaxRefusalBytes);
  if (!decoded) return;
  refusal.body = std::move(*decoded);
  refusal.headers.erase("content-encoding");
  refusal.headers.erase("content-length");
}

}  // namespace

SocketOpening::SocketOpening(const SocketTarget& target, std::string_view path,
                             const Headers& headers)
    : key_(new_socket_key()), request_(handshake_request(target, path, headers, key_)) {
  reader_.allow_switch();
}

SocketOpening::Found SocketOpening::take(std::string_view& bytes) {
  std::string joined;
  if (!kept_.empty()) {
    joined = std::exchange(kept_, {}).append(bytes);
    bytes = joined;
  }
  for (;;) {
    const AnswerReader::Found found = reader_.next(bytes);
    if (found == AnswerReader::Found::more) {
      kept_ = bytes;
      bytes = {};
      return Found::more;
    }
    const Found judged = judge(found);
    if (judged != Found::more) return judged;
  }
}

SocketOpening::Found SocketOpening::lose(bool orderly) {
  return judge(reader_.lose(orderly));
}

// more: the answer goes on.
SocketOpening::Found SocketOpening::judge(AnswerReader::Found found) {
  switch (found) {
    case AnswerReader::Found::more:
      return Found::more;
    case AnswerReader::Found::head:
      return take_head();
    case AnswerReader::Found::piece:
      return take_piece();
    case AnswerReader::Found::end:
      return refuse();
    case AnswerReader::Found::refused:
      break;
  }
  const bool lost = reader_.error() != UpstreamError::protocol;
  return lost ? fail(UpstreamError::closed, "") : fail(UpstreamError::protocol, reader_.fault());
}

SocketOpening::Found SocketOpening::take_head() {
  result_.status = reader_.status();
  result_.headers = std::move(reader_.headers());
  if (result_.status != kSwitchingProtocols) return Found::more;
  const std::string_view objection = objection_to(result_.headers, key_);
  return objection.empty() ? Found::open : fail(UpstreamError::protocol, objection);
}

// A body that is too long is as much of a refusal without its end.
SocketOpening::Found SocketOpening::take_piece() {
  const std::size_t room = UpstreamSocket::kMaxRefusalBytes - result_.body.size();
  result_.body.append(reader_.piece().substr(0, room));
  return reader_.piece().size() > room ? refuse() : Found::more;
}

SocketOpening::Found SocketOpening::refuse() {
  take_coding_off(result_);
  return Found::refused;
}

SocketOpening::Found SocketOpening::fail(UpstreamError error, std::string_view reason) {
  result_ = {};
  result_.error = error;
  result_.detail = reason;
  return Found::failed;
}

}  // namespace responses_proxy
