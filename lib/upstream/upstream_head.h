// The head of an answer, put together from its lines.
//
// Who reads the bytes finds the lines, parses the status line and frames the body. This class reads
// the fields, and refuses the framings on which two readers of the same bytes could disagree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/headers.h"

namespace responses_proxy {

class UpstreamHead {
 public:
  // One line as it came. False: the answer cannot be relied on; fault() says why.
  bool take(std::string_view line);
  // The empty line has come.
  bool ended() const { return ended_; }
  // What has come was the head of an interim answer; the next line begins another one.
  void restart();

  // Once ended: leaves a content-length only if it counts the body, no transfer coding, and, if the
  // codings of the body will be taken off, no content coding. `known`: those that can be taken off;
  // none: the body stays as it is. False as in take().
  bool settle(int status, std::span<const std::string_view> known);

  // Once settled.
  bool chunked() const { return chunked_; }
  // The bytes of the body as they are sent, coded ones too.
  std::optional<std::uint64_t> length() const { return length_; }
  // Those that are to be taken off, in the order in which they were put on.
  const std::vector<std::string>& codings() const { return codings_; }
  // Nothing else may come on this connection: it says so, it cannot do otherwise, or its framing
  // was a doubtful one, so that what comes may belong to no answer.
  bool ends_connection() const { return ambiguous_ || version_1_0_ || says_close(); }
  bool ambiguous() const { return ambiguous_; }

  const std::string& fault() const { return fault_; }
  Headers& headers() { return headers_; }

 private:
  bool refuse(std::string fault);
  bool field(std::string_view line);
  bool folded(std::string_view line);
  void add_last();
  bool settle_length();
  bool settle_coding(std::span<const std::string_view> known);
  bool says_close() const;

  std::size_t bytes_ = 0;  // of all heads, interim ones too
  bool status_line_seen_ = false;
  bool version_1_0_ = false;
  bool ended_ = false;
  bool chunked_ = false;
  bool ambiguous_ = false;
  std::optional<std::uint64_t> length_;
  struct Line {
    std::string name;
    std::string value;
  };
  Line last_;  // may go on in the next one
  Headers headers_;
  std::vector<std::string> codings_;
  std::string fault_;
};

}  // namespace responses_proxy
