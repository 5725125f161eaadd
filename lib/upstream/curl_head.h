// The head of an answer, put together from the lines that curl hands over.
//
// curl parses the status line and frames the body. This class reads the fields, and refuses the
// framings on which curl and other readers of the same bytes could disagree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "responses_proxy/request.h"

namespace responses_proxy {

class CurlHead {
 public:
  // One line as it came. False: the answer cannot be relied on; fault() says why.
  bool take(std::string_view line);
  // The empty line has come.
  bool ended() const { return ended_; }
  // What has come was the head of an interim answer; the next line begins another one.
  void restart();

  // Once ended: leaves a content-length only if it counts the body, no transfer coding, and no
  // content coding if the body is `decoded`. False as in take().
  bool settle(int status, bool decoded);
  // The framing was a doubtful one: what else comes on this connection may belong to no answer.
  bool ambiguous() const { return ambiguous_; }

  const std::string& fault() const { return fault_; }
  Headers& headers() { return headers_; }

 private:
  bool refuse(std::string fault);
  bool field(std::string_view line);
  bool folded(std::string_view line);
  void add_last();
  bool settle_length();
  bool settle_coding();

  std::size_t bytes_ = 0;  // of all heads, interim ones too
  bool status_line_seen_ = false;
  bool version_1_0_ = false;
  bool ended_ = false;
  bool ambiguous_ = false;
  struct Line {
    std::string name;
    std::string value;
  };
  Line last_;  // may go on in the next one
  Headers headers_;
  std::string fault_;
};

}  // namespace responses_proxy
