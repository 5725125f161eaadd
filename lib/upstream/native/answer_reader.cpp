#include "upstream/native/answer_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::string_view kProtocol = "HTTP/";
constexpr int kSwitchingProtocols = 101;
constexpr int kFirstFinalStatus = 200;
constexpr int kNoContent = 204;
constexpr int kNotModified = 304;
constexpr std::size_t kStatusDigits = 3;

// As far as there is some of it.
bool may_be_http(std::string_view line) {
  return kProtocol.starts_with(line.substr(0, kProtocol.size()));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 9112, 4, and what else can be understood: more blanks in front of the status, nothing behind
// it. 0: no status line.
int status_of(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) return 0;
  line.remove_prefix(std::min(line.find_first_not_of(' ', kProtocol.size() + 3), line.size()));
  if (line.size() < kStatusDigits || (line.size() > kStatusDigits && line[kStatusDigits] != ' ')) {
    return 0;
  }
  line = line.substr(0, kStatusDigits);
  if (!std::all_of(line.begin(), line.end(), is_digit)) return 0;
  int status = 0;
  std::from_chars(line.data(), line.data() + line.size(), status);
  return status;
}

}  // namespace

AnswerReader::Found AnswerReader::next(std::string_view& bytes) {
  if (stage_ == Stage::head) return read_head(bytes);
  return decoder_ ? decoded(bytes) : next_raw(bytes);
}

AnswerReader::Found AnswerReader::refuse(UpstreamError error, std::string fault) {
  error_ = error;
  fault_ = std::move(fault);
  return Found::refused;
}

AnswerReader::Found AnswerReader::read_head(std::string_view& bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
    if (line_is_first_ && line_.size() < kProtocol.size()) {
      const std::string start = line_ + std::string(line.substr(0, kProtocol.size()));
      if (!may_be_http(start))
        return refuse(UpstreamError::protocol, "it is not HTTP/1.0 or HTTP/1.1");
    }
    bytes.remove_prefix(line.size());
    if (end == std::string_view::npos) {
      line_.append(line);
      if (line_.size() > UpstreamClient::kMaxHeadBytes) return take_line(line_);
      return Found::more;
    }
    Found found = Found::more;
    if (line_.empty()) {
      found = take_line(line);
    } else {
      line_.append(line);
      found = take_line(line_);
      line_ = {};
    }
    if (found != Found::more) return found;
  }
}

// more: the head goes on.
AnswerReader::Found AnswerReader::take_line(std::string_view line) {
  if (!head_.take(line)) return refuse(UpstreamError::protocol, head_.fault());
  if (std::exchange(line_is_first_, false)) {
    status_ = status_of(line);
    if (status_ < 100) {
      return refuse(UpstreamError::protocol, "it has no status line of HTTP/1.0 or HTTP/1.1");
    }
  }
  return head_.ended() ? end_head() : Found::more;
}

AnswerReader::Found AnswerReader::end_head() {
  if (status_ == kSwitchingProtocols && may_switch_) {
    stage_ = Stage::over;
    ends_connection_ = true;
    return Found::head;
  }
  if (status_ == kSwitchingProtocols) {
    return refuse(UpstreamError::protocol, "it switches to a protocol nobody asked for");
  }
  if (status_ < kFirstFinalStatus) {
    head_.restart();
    line_is_first_ = true;
    return Found::more;
  }
  const bool decoded = decodes_ && !is_head_request_ && status_ != kNotModified;
  const auto known = decoded ? std::span<const std::string_view>(kContentCodings)
                             : std::span<const std::string_view>();
  if (!head_.settle(status_, known)) return refuse(UpstreamError::protocol, head_.fault());
  if (head_.codings().size() > BodyDecoder::kMaxCodings) {
    return refuse(UpstreamError::protocol, "more content codings than anybody needs");
  }
  if (!head_.codings().empty()) decoder_ = std::make_unique<BodyDecoder>(head_.codings());
  ends_connection_ = head_.ends_connection();
  frame();
  return Found::head;
}

// RFC 9112, 6.3.
void AnswerReader::frame() {
  const bool bodiless = is_head_request_ || status_ == kNoContent || status_ == kNotModified;
  if (bodiless || head_.length()) {
    stage_ = Stage::counted;
    left_ = bodiless ? 0 : *head_.length();
  } else if (head_.chunked()) {
    stage_ = Stage::chunked;
    chunks_ = std::make_unique<ChunkedBody>();
  } else {
    stage_ = Stage::until_close;
    ends_connection_ = true;
  }
}

AnswerReader::Found AnswerReader::next_raw(std::string_view& bytes) {
  switch (stage_) {
    case Stage::head:
    case Stage::over:
      break;
    case Stage::counted:
      if (left_ == 0) break;
      if (bytes.empty()) return Found::more;
      piece_ = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(piece_.size());
      left_ -= piece_.size();
      return Found::piece;
    case Stage::chunked:
      switch (chunks_->next(bytes, piece_)) {
        case ChunkedBody::Found::more:
          return Found::more;
        case ChunkedBody::Found::piece:
          return Found::piece;
        case ChunkedBody::Found::broken:
          return refuse(UpstreamError::truncated, "");
        case ChunkedBody::Found::end:
          break;
      }
      break;
    case Stage::until_close:
      if (bytes.empty()) return Found::more;
      piece_ = std::exchange(bytes, {});
      return Found::piece;
  }
  return end();
}

AnswerReader::Found AnswerReader::end() {
  stage_ = Stage::over;
  if (!decoder_ || decoder_->complete()) return Found::end;
  return refuse(UpstreamError::protocol, "its body ends inside its content coding");
}

AnswerReader::Found AnswerReader::decoded(std::string_view& bytes) {
  for (;;) {
    const auto text = decoder_->next(coded_);
    if (!text) {
      return refuse(UpstreamError::protocol, "its body is not what its content coding says");
    }
    if (!text->empty()) {
      piece_ = *text;
      return Found::piece;
    }
    const Found found = next_raw(bytes);
    if (found != Found::piece) return found;
    coded_ = piece_;
  }
}

void AnswerReader::keep() {
  kept_coded_ = std::string(coded_);
  coded_ = kept_coded_;
}

AnswerReader::Found AnswerReader::lose(bool orderly) {
  if (stage_ == Stage::head) return refuse(UpstreamError::closed, "");
  if (stage_ == Stage::until_close && orderly) return end();
  return refuse(UpstreamError::truncated, "");
}

}  // namespace responses_proxy
