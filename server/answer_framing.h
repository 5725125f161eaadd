// AnswerFraming: the bytes of one answer on the wire, in exactly one framing.
//
// Whatever the exchange says, what is sent holds together (RFC 9112 section 6): never more bytes
// than the announced length, a connection that ends when fewer came, chunks without a length, no
// body where there is none. So nothing of one answer can be taken for the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

// What the request says about its answer.
struct AnswerTerms {
  bool keep_alive = true;
  bool http_1_0 = false;
  bool head_request = false;
};

class AnswerFraming {
 public:
  AnswerFraming() = default;
  // Appends the head to `out`. `whole`: the body's bytes are all there, so that their number can
  // be announced.
  AnswerFraming(const ResponseHead& head, const AnswerTerms& terms, WallTime now,
                const std::string_view* whole, std::string& out);

  void body(std::string_view bytes, std::string& out);
  void end(std::string& out);
  // Whether another answer may follow on the connection; final after end().
  bool keep_alive() const { return keep_alive_; }

  // A final status; anything else cannot be an answer.
  static bool can_send(int status) { return status >= 200 && status <= 999; }

 private:
  enum class Mode : std::uint8_t { none, length, chunked, until_close };

  void choose_mode(const ResponseHead& head, const AnswerTerms& terms,
                   const std::string_view* whole, std::string& out);

  Mode mode_ = Mode::none;
  bool keep_alive_ = false;
  std::uint64_t left_ = 0;  // of the announced length
};

// "Sat, 21 Nov 2026 00:00:00 GMT" (RFC 9110 section 5.6.7).
std::string http_date(WallTime time);

}  // namespace responses_proxy
