#include "web_socket/frame_reader.h"

#include <doctest/doctest.h>

#include "integration/listener/frames.h"
#include "unit/web_socket/frames_of.h"

namespace responses_proxy {

namespace {

using namespace responses_proxy::testing;  // NOLINT(google-build-using-namespace)

const std::string kEuro = "\xe2\x82\xac";

}  // namespace

TEST_CASE("messages and control frames come out in order, wherever the bytes are cut") {
  const std::string bytes =
      encode({opcode::kText, "one"}) + encode({opcode::kText, "t" + kEuro.substr(0, 1), false}) +
      encode({opcode::kPing, "are you there"}) + encode({opcode::kContinuation, "", false}) +
      encode({opcode::kContinuation, kEuro.substr(1)}) + encode({opcode::kPong, ""}) +
      encode({opcode::kText, ""}) + encode({opcode::kText, std::string(200, 'x')}) +
      encode({opcode::kClose, close_payload(4000, "bye")});
  const Findings expected = {"text one",       "ping are you there",
                             "text t" + kEuro, "pong ",
                             "text ",          "text " + std::string(200, 'x'),
                             "close 4000 bye"};
  CHECK(found_in(bytes) == expected);
  CHECK(found_in(bytes, kFromClient, 1) == expected);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    REQUIRE(found_in(bytes, kFromClient, std::string::npos, cut) == expected);
  }
}

TEST_CASE("lengths of all three forms") {
  for (const std::size_t length : {125U, 126U, 65535U, 65536U, 300'000U}) {
    const std::string text(length, 'x');
    CHECK(found_in(encode({opcode::kText, text}), kFromClient, 65536) == Findings{"text " + text});
  }
}

TEST_CASE("a text that is all there is not copied; another one can be taken away") {
  std::string bytes = encode({opcode::kText, "here"}) + encode({opcode::kText, "in two", false}) +
                      encode({opcode::kContinuation, " parts"});
  FrameReader reader(kFromClient);
  std::span<char> left(bytes);
  CHECK(reader.next(left) == FrameReader::Found::text);
  CHECK(reader.payload().data() >= bytes.data());
  CHECK(reader.payload().data() < bytes.data() + bytes.size());
  CHECK(reader.take_text() == "here");
  CHECK(reader.next(left) == FrameReader::Found::text);
  CHECK(reader.take_text() == "in two parts");
  CHECK_FALSE(reader.is_inside());
  CHECK(reader.next(left) == FrameReader::Found::more);
}

TEST_CASE("whether something has begun") {
  const std::string bytes = encode({opcode::kText, "a", false});
  FrameReader reader(kFromClient);
  CHECK_FALSE(reader.is_inside());
  for (char byte : bytes) {
    std::span<char> one(&byte, 1);
    CHECK(reader.next(one) == FrameReader::Found::more);
    CHECK(reader.is_inside());
  }
}

TEST_CASE("a server's frames have no mask") {
  FrameReader::Rules rules = kFromClient;
  rules.masked = false;
  CHECK(found_in(encode({opcode::kText, "a", true, false, false}), rules) == Findings{"text a"});
  CHECK(found_in(encode({opcode::kText, "a"}), rules) == Findings{"broken 1002"});
}

TEST_CASE("the bytes of a binary message are passed over") {
  CHECK(found_in(encode({opcode::kBinary, "\xff\xfe", false}) + encode({opcode::kPing, "p"}) +
                     encode({opcode::kContinuation, std::string(2000, '\xff')}) +
                     encode({opcode::kText, "after"}),
                 {.masked = true, .compressed = false, .max_message_bytes = 1000}) ==
        Findings{"binary", "ping p", "text after"});
}

TEST_CASE("what is no frame") {
  const auto code_of = [](const std::string& bytes) { return found_in(bytes).at(0); };
  CHECK(code_of(encode({3, "a"})) == "broken 1002");
  CHECK(code_of(encode({11, "a"})) == "broken 1002");
  CHECK(code_of(encode({opcode::kText, "a", true, false, false})) == "broken 1002");
  CHECK(code_of(encode({opcode::kText, "a", true, true})) == "broken 1002");
  CHECK(code_of("\xa1\x81mask" + std::string("a")) == "broken 1002");
  CHECK(code_of("\x91\x81mask" + std::string("a")) == "broken 1002");
  CHECK(code_of(encode({opcode::kContinuation, "a"})) == "broken 1002");
  CHECK(code_of(encode({opcode::kPing, "p", false})) == "broken 1002");
  CHECK(code_of(encode({opcode::kPing, "p", true, true})) == "broken 1002");
  CHECK(code_of(encode({opcode::kPing, std::string(126, 'p')})) == "broken 1002");
  CHECK(code_of(encode({opcode::kText, "a", false}) + encode({opcode::kText, "b"})) ==
        "broken 1002");
  CHECK(code_of(std::string("\x81\xfe\x00\x01mask", 8) + "a") == "broken 1002");
  CHECK(code_of(std::string("\x81\xff\0\0\0\0\0\0\xff\xffmask", 14)) == "broken 1002");
  CHECK(code_of(std::string("\x81\xff") + std::string(12, '\xff')) == "broken 1009");
}

TEST_CASE("texts that are none") {
  CHECK(found_in(encode({opcode::kText, "\xff"})) == Findings{"broken 1007"});
  CHECK(found_in(encode({opcode::kText, kEuro.substr(0, 2)})) == Findings{"broken 1007"});
  CHECK(found_in(encode({opcode::kText, kEuro.substr(0, 2), false}) +
                 encode({opcode::kContinuation, ""})) == Findings{"broken 1007"});
  CHECK(found_in(encode({opcode::kText, kEuro.substr(0, 2), false}) +
                 encode({opcode::kContinuation, "a"})) == Findings{"broken 1007"});
}

TEST_CASE("close frames") {
  const auto close = [](const std::string& payload) {
    return found_in(encode({opcode::kClose, payload})).at(0);
  };
  CHECK(close("") == "close 1005 ");
  CHECK(close(close_payload(1000)) == "close 1000 ");
  CHECK(close(close_payload(3000, kEuro)) == "close 3000 " + kEuro);
  CHECK(close("a") == "broken 1002");
  CHECK(close(close_payload(1005)) == "broken 1002");
  CHECK(close(close_payload(1000, "\xff")) == "broken 1002");
}

TEST_CASE("a message beyond the limit is refused by its head, and its fragments by their sum") {
  const FrameReader::Rules rules{.masked = true, .compressed = false, .max_message_bytes = 1000};
  CHECK(found_in(encode({opcode::kText, std::string(1000, 'a')}), rules).size() == 1);
  CHECK(found_in(frame_head({opcode::kText, ""}, 1001) + "mask", rules) == Findings{"broken 1009"});
  CHECK(found_in(encode({opcode::kText, std::string(600, 'a'), false}) +
                     encode({opcode::kContinuation, std::string(401, 'a')}),
                 rules) == Findings{"broken 1009"});
}

TEST_CASE("compressed messages, in fragments, beside plain ones") {
  MessageDeflater deflater;
  std::string packed;
  const std::string text = "hello hello hello " + kEuro;
  deflater.take(text, true, packed);
  const std::string bytes =
      encode({opcode::kText, packed.substr(0, 3), false, true}) + encode({opcode::kPing, "p"}) +
      encode({opcode::kContinuation, packed.substr(3)}) + encode({opcode::kText, "plain"}) +
      encode({opcode::kText, packed, true, true});
  FrameReader::Rules rules = kFromClient;
  rules.compressed = true;
  const Findings expected = {"ping p", "text " + text, "text plain", "text " + text};
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    REQUIRE(found_in(bytes, rules, std::string::npos, cut) == expected);
  }
  CHECK(found_in(encode({opcode::kText, packed, false, true}) +
                     encode({opcode::kContinuation, "", true, true}),
                 rules) == Findings{"broken 1002"});
  CHECK(found_in(encode({opcode::kText, "\xff\xff\xff\xff", true, true}), rules) ==
        Findings{"broken 1007"});
  rules.max_message_bytes = 10;
  CHECK(found_in(encode({opcode::kText, packed, true, true}), rules) == Findings{"broken 1009"});
}

}  // namespace responses_proxy
