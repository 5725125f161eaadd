#include "server/compression_offer.h"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "web_socket/message_deflater.h"
#include "web_socket/message_inflater.h"

namespace responses_proxy {

namespace {

constexpr int kMinBits = 8;
constexpr int kMaxBits = 15;

// What a client has said of a window: nothing, that it can be limited (kMaxBits), or how large.
using Bits = std::optional<int>;

struct Offer {
  Bits server_bits;
  Bits client_bits;
  bool server_fresh = false;  // no context is taken over
  bool client_fresh = false;
};

bool read_bits(std::string_view value, Bits& bits) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool good = error == std::errc{} && end == value.data() + value.size() &&
                    value.front() != '0' && number >= kMinBits && number <= kMaxBits && !bits;
  bits = number;
  return good;
}

bool set_flag(std::string_view value, bool& flag) {
  return value.empty() && !std::exchange(flag, true);
}

// False: a parameter that does not exist, stands twice, or says what it cannot.
bool read_parameter(std::string_view name, std::string_view value, Offer& offer) {
  if (equals_ignore_case(name, "server_max_window_bits")) {
    return read_bits(value, offer.server_bits);
  }
  if (equals_ignore_case(name, "client_max_window_bits")) {
    return read_bits(value.empty() ? "15" : value, offer.client_bits);
  }
  if (equals_ignore_case(name, "server_no_context_takeover")) {
    return set_flag(value, offer.server_fresh);
  }
  return equals_ignore_case(name, "client_no_context_takeover") &&
         set_flag(value, offer.client_fresh);
}

template <class Text>
std::string_view view(const Text& text) {
  return {text.data(), text.size()};
}

}  // namespace

// The first offer of permessage-deflate counts. The smallest windows, so that a message that comes
// slowly holds little; a client that cannot limit its own gets no compression.
std::optional<std::string> agreed_compression(const Headers& handshake) {
  const std::string_view offered = handshake.get("sec-websocket-extensions");
  for (const auto& extension : boost::beast::http::ext_list({offered.data(), offered.size()})) {
    if (!equals_ignore_case(view(extension.first), "permessage-deflate")) continue;
    Offer offer;
    for (const auto& parameter : extension.second) {
      if (!read_parameter(view(parameter.first), view(parameter.second), offer)) {
        return std::nullopt;
      }
    }
    // Section 7.1.2.1: what a client asks of the server's window is kept, or the offer declined.
    const int server_bits = offer.server_bits.value_or(kMaxBits);
    if (!offer.client_bits || server_bits < MessageDeflater::kWindowBits) return std::nullopt;
    return "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
           "server_max_window_bits=" +
           std::to_string(MessageDeflater::kWindowBits) + "; client_max_window_bits=" +
           std::to_string(std::min(*offer.client_bits, MessageInflater::kWindowBits));
  }
  return std::nullopt;
}

}  // namespace responses_proxy
