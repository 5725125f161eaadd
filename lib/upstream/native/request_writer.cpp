#include "upstream/native/request_writer.h"

#include <algorithm>
#include <array>

#include "core/append_number.h"
#include "core/field_set.h"

namespace responses_proxy {

namespace {

// Host is the first field of a head, how the message is framed is said here, and nobody waits for a
// "100 Continue".
constexpr FieldSet kNotOfTheCaller{FieldId::host, FieldId::content_length,
                                   FieldId::transfer_encoding, FieldId::expect};

// RFC 9110, 8.6: whoever takes a body is told that there is none.
bool needs_length(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// One that has a line end in it would end the head, and begin a request of its own.
bool is_one_line(std::string_view text) {
  return text.find('\n') == std::string_view::npos && text.find('\r') == std::string_view::npos;
}

iovec part(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};  // writing does not change it
}

}  // namespace

bool append_request_head(std::string& to, const UpstreamRequest& request,
                         const SocketTarget& target, std::string_view path) {
  to.append(request.method).append(" ");
  if (!path.starts_with('/')) to.append("/");
  const std::string_view host = request.headers.find(FieldId::host).value_or(target.authority);
  to.append(path).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  bool good = is_one_line(request.method) && is_one_line(host);
  bool coding_asked = false;
  for (const Header& field : request.headers) {
    if (kNotOfTheCaller.contains(field.id)) continue;
    coding_asked = coding_asked || field.id == FieldId::accept_encoding;
    good = good && is_one_line(field.name) && is_one_line(field.value);
    to.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!coding_asked) to.append("accept-encoding: identity\r\n");
  const std::size_t length = body_to_send(request).size();
  if (length > 0 || needs_length(request.method)) {
    to.append("content-length: ");
    append_number(to, length);
    to.append("\r\n");
  }
  to.append("\r\n");
  return good;
}

std::string_view body_to_send(const UpstreamRequest& request) {
  return request.method == "HEAD" ? std::string_view() : request.body;
}

void RequestWriter::begin(std::string_view head, std::string_view body) {
  head_ = head;
  body_ = body;
  sent_ = 0;
  stopped_ = false;
}

WireState RequestWriter::write(Wire& wire) {
  const std::size_t before = sent_;
  WireState state = WireState::done;
  while (!done() && sent_ - before < kMaxBytesAtOnce) {
    const std::array both = {part(head_), part(body_)};
    std::span<const iovec> parts(both);
    if (head_.empty()) parts = parts.last(1);
    if (body_.empty()) parts = parts.first(1);
    const WireResult result = wire.write(parts);
    state = result.state;
    if (state != WireState::done) break;
    take_off(result.bytes);
  }
  if (!head_.empty() && head_.data() != kept_head_.data()) {
    kept_head_ = head_;
    head_ = kept_head_;
  }
  return state;
}

void RequestWriter::take_off(std::size_t bytes) {
  sent_ += bytes;
  const std::size_t of_head = std::min(bytes, head_.size());
  head_.remove_prefix(of_head);
  body_.remove_prefix(bytes - of_head);
}

}  // namespace responses_proxy
