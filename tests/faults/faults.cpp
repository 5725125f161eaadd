#include "faults/faults.h"

#include <fmt/format.h>

#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"

namespace responses_proxy::testing {

namespace {

// These bytes and nothing else, then the end of the connection.
std::function<Reply(const GoodBody&)> raw(std::string bytes, Step last = Step::close()) {
  return [bytes = std::move(bytes), last = std::move(last)](const GoodBody&) {
    Reply reply;
    reply.before_head = {Step::write(bytes), last};
    return reply;
  };
}

// The connection, or silence, in place of an answer.
std::function<Reply(const GoodBody&)> only(Step step) {
  return [step = std::move(step)](const GoodBody&) {
    Reply reply;
    reply.before_head = {step};
    return reply;
  };
}

std::string chunks(const std::string& text) {
  return fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", text.size(), text);
}

enum class Framed : std::uint8_t { by_length, by_chunks, by_the_end };

// The good answer, with these lines in its head. `{length}` in them is the body's.
std::function<Reply(const GoodBody&)> good(std::string lines, Framed framed,
                                           std::string behind = {},
                                           std::string status_line = "HTTP/1.1 200 OK") {
  return [=](const GoodBody& body) {
    std::string fields = lines;
    if (const auto at = fields.find("{length}"); at != std::string::npos) {
      fields.replace(at, 8, std::to_string(body.text.size()));
    }
    std::string head = status_line + "\r\nContent-Type: " + body.content_type + "\r\n" + fields;
    if (framed == Framed::by_length) {
      head += fmt::format("Content-Length: {}\r\n", body.text.size());
    } else if (framed == Framed::by_chunks) {
      head += "Transfer-Encoding: chunked\r\n";
    }
    Reply reply;
    const std::string text = framed == Framed::by_chunks ? chunks(body.text) : body.text;
    reply.before_head = {Step::write(head + "\r\n" + text + behind), Step::close()};
    return reply;
  };
}

std::function<Reply(const GoodBody&)> coded(std::string coding,
                                            std::function<std::string(const std::string&)> code) {
  return [=](const GoodBody& body) {
    Reply reply;
    reply.headers = {{"Content-Type", body.content_type}, {"Content-Encoding", coding}};
    reply.body = code(body.text);
    return reply;
  };
}

std::function<Reply(const GoodBody&)> error(int status, const std::string& code) {
  return [=](const GoodBody&) { return error_reply(status, "some_error", code, "Said upstream"); };
}

std::string same(const std::string& text) {
  return text;
}

void add_missing_heads(std::vector<Fault>& all) {
  const Consequence protocol = no_answer("protocol");
  const Consequence closed = no_answer("closed");
  all.insert(
      all.end(),
      {
          {"101 nobody asked for", raw("HTTP/1.1 101 X\r\n\r\nhello"), protocol},
          {"101 with an upgrade",
           raw("HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"), protocol},
          {"100, then 101", raw("HTTP/1.1 100 X\r\n\r\nHTTP/1.1 101 X\r\n\r\nhello"), protocol},
          {"100, then a body", raw("HTTP/1.1 100 X\r\n\r\nhello"), protocol},
          {"a status that is no number", raw("HTTP/1.1 abc\r\n\r\nhello"), protocol},
          {"status 000", raw("HTTP/1.1 000 X\r\n\r\nhello"), protocol},
          {"a status of four digits", raw("HTTP/1.1 2000 X\r\n\r\nhello"), protocol},
          {"HTTP/0.9", raw("{\"id\":\"resp_1\"}"), protocol},
          {"an HTTP version that is none", raw("HTTP/9.9 200 OK\r\n\r\nhello"), protocol},
          {"another protocol", raw("SSH-2.0-OpenSSH_9.2\r\n"), protocol},
          {"a request as an answer", raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), protocol},
          {"an empty line first", raw("\r\nHTTP/1.1 200 OK\r\n\r\nhello"), protocol},
          {"103 and then nothing", raw("HTTP/1.1 103 X\r\nLink: a\r\n\r\n"), closed},
          {"half a status line", raw("HTTP/1.1 2"), closed},
          {"half a head", raw("HTTP/1.1 200 OK\r\nX-Half: 1"), closed},
          {"half a head, then a reset", raw("HTTP/1.1 200 OK\r\nX-Half: 1\r\n", Step::reset()),
           closed},
          {"the end at once", only(Step::close()), closed},
          {"a reset at once", only(Step::reset()), closed},
          {"a head without end",
           raw("HTTP/1.1 200 OK\r\n" + std::string(300'000, 'x') + ": 1\r\n", Step::stall()),
           protocol},
      });
}

void add_bad_framings(std::vector<Fault>& all) {
  const Consequence protocol = no_answer("protocol");
  const auto framed = [](const std::string& fields) {
    return raw("HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Step::stall());
  };
  all.insert(
      all.end(),
      {
          {"two lengths", framed("Content-Length: 5\r\nContent-Length: 6"), protocol},
          {"two lengths in one field", framed("Content-Length: 5, 6"), protocol},
          {"a negative length", framed("Content-Length: -5"), protocol},
          {"a length with a sign", framed("Content-Length: +5"), protocol},
          {"a length that is no number", framed("Content-Length: 5x"), protocol},
          {"a length beyond all numbers", framed("Content-Length: 99999999999999999999"), protocol},
          {"an empty length", framed("Content-Length:"), protocol},
          {"a blank before the colon", framed("Content-Length : 5"), protocol},
          {"a folded length", framed("Content-Length:\r\n 5"), protocol},
          {"a folded coding", framed("Transfer-Encoding:\r\n chunked"), protocol},
          {"gzip as a transfer coding", framed("Transfer-Encoding: gzip"), protocol},
          {"gzip before chunked", framed("Transfer-Encoding: gzip, chunked"), protocol},
          {"chunked twice", framed("Transfer-Encoding: chunked, chunked"), protocol},
          {"an unknown transfer coding", framed("Transfer-Encoding: xchunked"), protocol},
          {"identity as a transfer coding", framed("Transfer-Encoding: identity"), protocol},
      });
}

void add_harmless(std::vector<Fault>& all) {
  const std::string stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTRAY";
  all.insert(
      all.end(),
      {
          {"no reason phrase", good("", Framed::by_length, "", "HTTP/1.1 200"), no_harm()},
          {"two blanks before the status", good("", Framed::by_length, "", "HTTP/1.1  200 OK"),
           no_harm()},
          {"HTTP/1.0", good("", Framed::by_the_end, "", "HTTP/1.0 200 OK"), no_harm()},
          {"1xx before the answer",
           good("", Framed::by_chunks, "", "HTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 200 OK"),
           no_harm()},
          {"chunked beside a short length", good("Content-Length: 10\r\n", Framed::by_chunks),
           no_harm()},
          {"chunked beside a long length", good("Content-Length: 99999\r\n", Framed::by_chunks),
           no_harm()},
          {"the same length twice", good("Content-Length: {length}\r\n", Framed::by_length),
           no_harm()},
          {"bytes behind a length", good("", Framed::by_length, stray), no_harm()},
          {"bytes behind the last chunk", good("", Framed::by_chunks, stray), no_harm()},
          {"a body that ends with the connection", good("", Framed::by_the_end), no_harm()},
          {"folded fields", good("X-Folded: a\r\n b\r\n\tc: d\r\n", Framed::by_length), no_harm()},
          {"a lone CR in a field", good("X-Cr: a\rX-Split: b\r\n", Framed::by_length), no_harm()},
          {"many fields",
           good(
               [] {
                 std::string lines;
                 for (int i = 0; i < 1000; ++i) lines += "X-Many: 1\r\n";
                 return lines;
               }(),
               Framed::by_length),
           no_harm()},
      });
}

void add_codings(std::vector<Fault>& all) {
  const Consequence protocol = no_answer("protocol");
  const auto zlib = [](const std::string& text) { return deflated(text, 15); };
  all.insert(
      all.end(),
      {
          {"gzip unasked", coded("gzip", gzip), no_harm()},
          {"deflate unasked", coded("deflate", zlib), no_harm()},
          {"zstd unasked", coded("zstd", zstd), no_harm()},
          {"deflate over gzip",
           coded("gzip, deflate", [zlib](const std::string& text) { return zlib(gzip(text)); }),
           no_harm()},
          {"identity as a coding", coded("identity", same), no_harm()},
      });
  all.push_back({"a coding that nobody knows", coded("aes128gcm", same), protocol});
  all.push_back({"an unknown coding over gzip", coded("gzip, compress", gzip), protocol});
}

void add_errors(std::vector<Fault>& all) {
  all.insert(all.end(),
             {
                 {"500", error(500, "server_error"), own_error(500, Blame::provider, true)},
                 {"503 in HTML",
                  raw("HTTP/1.1 503 X\r\nConnection: close\r\nContent-Type: "
                      "text/html\r\nContent-Length: 13\r\n\r\n"
                      "<html></html>"),
                  own_error(503, Blame::provider, true)},
                 {"503 without a body",
                  raw("HTTP/1.1 503 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                  own_error(503, Blame::provider, true)},
                 {"529", error(529, "overloaded_error"), own_error(529, Blame::provider, true)},
                 {"429", error(429, "rate_limit_exceeded"), own_error(429, Blame::resource, true)},
                 {"400", error(400, "invalid_value"), own_error(400, Blame::client, false)},
                 {"an error in gzip",
                  [](const GoodBody&) {
                    Reply reply = error_reply(500, "server_error", "server_error", "Said upstream");
                    reply.body = gzip(reply.body);
                    reply.headers.add("Content-Encoding", "gzip");
                    return reply;
                  },
                  own_error(500, Blame::provider, true)},
             });
}

}  // namespace

Consequence no_answer(const std::string& word, int status) {
  Consequence then;
  then.status = status;
  then.code = "upstream_" + word;
  then.attempt = word;
  return then;
}

Consequence no_harm() {
  Consequence then;
  then.ending = Ending::complete;
  then.status = 200;
  then.blame = Blame::none;
  then.moves = false;
  return then;
}

Consequence own_error(int status, Blame blame, bool moves) {
  Consequence then;
  then.status = status;
  then.attempt = fmt::format("http_{}", status);
  then.blame = blame;
  then.moves = moves;
  return then;
}

const std::vector<Fault>& faults() {
  static const std::vector<Fault> kAll = [] {
    std::vector<Fault> all;
    add_missing_heads(all);
    add_bad_framings(all);
    add_harmless(all);
    add_codings(all);
    add_errors(all);
    return all;
  }();
  return kAll;
}

}  // namespace responses_proxy::testing
