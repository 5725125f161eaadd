#include "web_socket/frame_writer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/web_socket/frames_of.h"

namespace responses_proxy {

namespace {

using namespace responses_proxy::testing;  // NOLINT(google-build-using-namespace)
using namespace std::string_view_literals;

constexpr std::size_t kLarge = 300'000;

MaskKey next_key() {
  static std::uint8_t last = 0;
  return {++last, 2, 3, 4};
}

constexpr FrameWriter::Form kClient{.make_key = &next_key};

FrameReader::Rules rules_for(const FrameWriter::Form& form) {
  return {.masked = form.make_key != nullptr,
          .compressed = form.compressed,
          .max_message_bytes = 10 * kLarge};
}

// That nobody can guess how long it is when it is compressed.
std::string large_text() {
  std::string text;
  for (std::size_t i = 0; text.size() < kLarge; ++i) text += std::to_string(i * i * 7919) + ' ';
  return text;
}

}  // namespace

TEST_CASE("what is written can be read, in whatever pieces it leaves") {
  const std::string large = large_text();
  for (const FrameWriter::Form form :
       {FrameWriter::Form{}, kClient, FrameWriter::Form{.compressed = true}}) {
    for (const std::size_t at_once : {std::size_t{1000}, std::size_t{70'000}, std::string::npos}) {
      FrameWriter writer(form);
      CHECK(writer.empty());
      writer.text("small"sv);
      writer.text(std::string(large));
      writer.text(""sv);
      writer.text(std::string_view(large));
      writer.ping();
      writer.text(std::string("last"));
      writer.close(1012, "restart");
      CHECK(writer.unsent_bytes() == 9 + 2 * large.size());
      CHECK(found_in(sent_by(writer, at_once), rules_for(form)) ==
            Findings{"text small", "text " + large, "text ", "text " + large, "ping ", "text last",
                     "close 1012 restart"});
      CHECK(writer.unsent_bytes() == 0);
    }
  }
}

TEST_CASE("small messages that wait leave in one write") {
  FrameWriter writer({});
  writer.text("first"sv);
  const std::size_t first = writer.next().size();
  for (int i = 0; i < 10; ++i) writer.text("later"sv);
  CHECK(writer.next().size() == first);
  writer.sent(3);
  CHECK(writer.next().size() == first - 3);
  writer.sent(first - 3);
  CHECK(writer.next().size() == 10 * first);
  CHECK(writer.unsent_bytes() == 50);
}

TEST_CASE("a large message is masked slice by slice") {
  FrameWriter writer(kClient);
  writer.text(large_text());
  writer.sent(writer.next().size());  // the head
  CHECK(writer.next().size() == FrameWriter::kSliceBytes);
  writer.sent(1);
  CHECK(writer.next().size() == FrameWriter::kSliceBytes - 1);
}

TEST_CASE("of pongs that wait the last one is sent, at the end of a frame") {
  const std::string large = large_text();
  for (const FrameWriter::Form form : {kClient, FrameWriter::Form{.compressed = true}}) {
    FrameWriter writer(form);
    writer.text(std::string(large));
    std::string bytes(writer.next().substr(0, 1));
    writer.sent(1);
    for (const char* payload : {"1", "2", "3"}) writer.pong(payload);
    bytes += sent_by(writer);
    Findings found = found_in(bytes, rules_for(form));
    std::sort(found.begin(), found.end());
    CHECK(found == Findings{"pong 3", "text " + large});
  }
  FrameWriter writer({});
  writer.pong("at once");
  CHECK(found_in(sent_by(writer), rules_for({})) == Findings{"pong at once"});
}

TEST_CASE("what has not begun to leave can be taken back; a frame that has goes on") {
  const std::string large = large_text();
  for (const FrameWriter::Form form : {FrameWriter::Form{}, kClient}) {
    FrameWriter writer(form);
    writer.text(std::string(large));
    std::string bytes(writer.next().substr(0, 1));
    writer.sent(1);
    writer.text("never"sv);
    writer.text(std::string(large));
    writer.pong("never");
    writer.drop_unsent();
    CHECK(writer.unsent_bytes() == large.size());
    writer.close(1000);
    bytes += sent_by(writer);
    CHECK(found_in(bytes, rules_for(form)) == Findings{"text " + large, "close 1000 "});
    CHECK(writer.unsent_bytes() == 0);
  }
}

TEST_CASE("a message that is being compressed ends where it is taken back") {
  FrameWriter writer({.compressed = true});
  writer.text(large_text());
  std::string bytes(writer.next());
  writer.sent(bytes.size());
  writer.drop_unsent();
  writer.close(1000);
  bytes += sent_by(writer);
  CHECK(found_in(bytes, rules_for({.compressed = true})) == Findings{"close 1000 "});
  CHECK(writer.unsent_bytes() == 0);
}

TEST_CASE("a handshake goes before everything else") {
  FrameWriter writer({});
  writer.raw("GET / HTTP/1.1\r\n\r\n");
  writer.text("first"sv);
  CHECK(sent_by(writer) ==
        "GET / HTTP/1.1\r\n\r\n\x81\x05"
        "first");
}

}  // namespace responses_proxy
