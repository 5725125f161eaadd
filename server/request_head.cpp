#include "server/request_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/field_syntax.h"
#include "server/http_syntax.h"
#include "server/request_target.h"

namespace responses_proxy {

namespace {

Error head_too_large(std::string limit) {
  return Error::refused(
      431, "head_too_large",
      fmt::format("The request line and headers are too large; at most {} are taken.", limit));
}

Error bad_request_line() {
  return malformed_request("its first line is not \"method target HTTP/1.1\"");
}

// "HTTP/1.1": its minor version; a later one is to be taken as the latest known (RFC 9110 section
// 2.5).
Result<int> minor_version(std::string_view version) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
      version[6] != '.' || !digit(version[7])) {
    return bad_request_line();
  }
  if (version[5] != '1') {
    return Error::refused(505, "http_version_not_supported",
                          "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  }
  return version[7] - '0';
}

}  // namespace

Result<std::size_t> RequestHeadReader::read(std::string_view bytes) {
  std::size_t taken = 0;
  while (!done_) {
    const std::size_t end = bytes.find('\n', taken + scanned_);
    const std::size_t length = (end == std::string_view::npos ? bytes.size() : end + 1) - taken;
    if (bytes_ + length > max_bytes_) return head_too_large(fmt::format("{} bytes", max_bytes_));
    if (end == std::string_view::npos) {
      // TLS on a port without it has no line end to wait for.
      const std::string_view begin = bytes.substr(taken, 1);
      if (!begun() && !begin.empty() && begin != "\r" && !is_field_name(begin)) {
        return bad_request_line();
      }
      scanned_ = length;
      break;
    }
    std::string_view line = bytes.substr(taken, length - 1);
    taken += length;
    bytes_ += length;
    scanned_ = 0;
    if (!line.ends_with('\r')) return malformed_request("a line does not end with CR LF");
    line.remove_suffix(1);
    if (auto error = on_line(line)) return std::move(*error);
  }
  return taken;
}

std::optional<Error> RequestHeadReader::on_line(std::string_view line) {
  if (!begun()) {
    // Some clients send an empty line behind a body (RFC 9112 section 2.2).
    if (!line.empty()) return on_request_line(line);
    if (++empty_lines_ > kMaxEmptyLines) return malformed_request("it begins with empty lines");
    return std::nullopt;
  }
  if (line.empty()) return on_end();
  const auto field = parse_field_line(line);
  if (!field) return malformed_request("a header line is not \"name: value\"");
  if (head_.request.headers.size() == kMaxFields) {
    return head_too_large(fmt::format("{} header lines", kMaxFields));
  }
  head_.request.headers.add(*field);
  return on_field(*field);
}

std::optional<Error> RequestHeadReader::on_request_line(std::string_view line) {
  const std::size_t first = std::min(line.find(' '), line.size());
  const std::size_t last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  if (!is_field_name(method) || last == std::string_view::npos || last <= first) {
    return bad_request_line();
  }
  const auto minor = minor_version(line.substr(last + 1));
  if (!minor) return minor.error();
  auto target = parse_request_target(method, line.substr(first + 1, last - first - 1));
  if (!target) return target.error();
  head_.http_1_0 = *minor == 0;
  head_.request.method = method;
  head_.request.path = std::move(target->path);
  head_.request.query = std::move(target->query);
  authority_ = std::move(target->authority);
  return std::nullopt;
}

std::optional<Error> RequestHeadReader::on_field(const Header& field) {
  const std::string_view value = field.value;
  if (field.id == FieldId::host) {
    if (++hosts_ > 1) return malformed_request("it has more than one Host");
    if (!is_host(value))
      return malformed_request("its Host is not a host name with or without port");
  } else if (field.id == FieldId::content_length) {
    const auto length = parse_content_length(value);
    if (!length) return malformed_request("its Content-Length is not a number");
    if (head_.content_length.value_or(*length) != *length) {
      return malformed_request("it has two Content-Length that differ");
    }
    head_.content_length = length;
  } else if (field.id == FieldId::transfer_encoding) {
    if (++codings_ > 1 || !equals_ignore_case(value, "chunked")) {
      return malformed_request("its Transfer-Encoding is not \"chunked\"");
    }
    head_.chunked = true;
  } else if (field.id == FieldId::connection) {
    for_each_item(value, [this](std::string_view option) {
      close_ = close_ || equals_ignore_case(option, "close");
      keep_ = keep_ || equals_ignore_case(option, "keep-alive");
    });
  } else if (field.id == FieldId::expect) {
    head_.expects_continue = equals_ignore_case(value, "100-continue");
  }
  return std::nullopt;
}

std::optional<Error> RequestHeadReader::on_end() {
  if (hosts_ == 0 && !head_.http_1_0) return malformed_request("it has no Host");
  if (head_.chunked && head_.http_1_0) {
    return malformed_request("HTTP/1.0 has no Transfer-Encoding");
  }
  if (head_.chunked && head_.content_length) {
    return malformed_request("it has both Transfer-Encoding and Content-Length");
  }
  if (!authority_.empty()) head_.request.headers.set("Host", authority_);
  head_.keep_alive = !close_ && (keep_ || !head_.http_1_0);
  head_.expects_continue = head_.expects_continue && !head_.http_1_0;
  done_ = true;
  return std::nullopt;
}

}  // namespace responses_proxy
