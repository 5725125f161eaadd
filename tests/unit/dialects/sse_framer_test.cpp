#include "dialects/sse_framer.h"

#include <doctest/doctest.h>

#include "unit/dialects/splits.h"

namespace responses_proxy {

namespace {

using testing::for_all_splits;
using testing::in_chunks;

struct Framed {
  std::vector<std::pair<std::string, std::string>> events;  // name, data
  std::string out;
  std::string rest;
  bool overflowed = false;
  bool operator==(const Framed&) const = default;
};

Framed frame(const std::vector<std::string>& pieces, std::size_t max_event_bytes = 1 << 20) {
  SseFramer framer(max_event_bytes);
  Framed framed;
  for (const std::string& piece : pieces) {
    framed.out += framer.feed(
        piece, [&](const SseEvent& event) { framed.events.emplace_back(event.name, event.data); });
    framed.overflowed = framed.overflowed || framer.overflowed();
  }
  framed.rest = framer.rest();
  return framed;
}

using Events = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("events end at a blank line, with LF, CRLF, CR or any mixture") {
  CHECK(frame({"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n"}).events ==
        Events{{"a", "1"}, {"b", "2"}});
  CHECK(frame({"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"}).events ==
        Events{{"a", "1"}, {"", "2"}});
  CHECK(frame({"data: 1\n\r\ndata: 2\r\n\n"}).events == Events{{"", "1"}, {"", "2"}});
  CHECK(frame({"event: a\rdata: 1\r\revent: b\rdata: 2\rdata: 3\r\r"}).events ==
        Events{{"a", "1"}, {"b", "2\n3"}});
  CHECK(frame({"event: a\rdata: 1\r\n\rdata: 2\n\rdata: 3\r\r\n"}).events ==
        Events{{"a", "1"}, {"", "2"}, {"", "3"}});
}

TEST_CASE("a byte order mark belongs to the first event only") {
  const std::string mark = "\xEF\xBB\xBF";
  const Framed framed = frame({mark + "event: a\ndata: 1\n\n" + mark + "data: 2\n\n"});
  CHECK(framed.events == Events{{"a", "1"}, {"", ""}});
  CHECK(framed.out == mark + "event: a\ndata: 1\n\n" + mark + "data: 2\n\n");
}

TEST_CASE("a line without a colon is a field without a value") {
  CHECK(frame({"event: a\nevent\ndata\ndata: 2\n\n"}).events == Events{{"", "\n2"}});
  CHECK(frame({"eventful: a\ndatabase\n\n"}).events == Events{{"", ""}});
}

TEST_CASE("one space behind the colon belongs to the field, everything else to its value") {
  CHECK(frame({"event:a\ndata:1\n\n"}).events == Events{{"a", "1"}});
  CHECK(frame({"event:  a \ndata:\t1: 2 \n\n"}).events == Events{{" a ", "\t1: 2 "}});
  CHECK(frame({"data:\n\n"}).events == Events{{"", ""}});
}

TEST_CASE("several data lines are one value") {
  CHECK(frame({"data: 1\ndata: 2\ndata:\ndata: 4\n\n"}).events == Events{{"", "1\n2\n\n4"}});
  CHECK(frame({"data:\ndata: 2\n\n"}).events == Events{{"", "\n2"}});
  CHECK(frame({"data: 1\nevent: late\ndata: 2\n\ndata: 3\n\n"}).events ==
        Events{{"late", "1\n2"}, {"", "3"}});
}

TEST_CASE("comments, other fields and events without data pass") {
  const Framed framed =
      frame({": ping\n\nid: 7\nretry: 10\ndata: 1\n: in between\n\nevent: a\n\ndatas: 2\n\n"});
  CHECK(framed.events == Events{{"", ""}, {"", "1"}, {"a", ""}, {"", ""}});
  CHECK(framed.rest.empty());
}

TEST_CASE("blank lines to spare change nothing") {
  const Framed framed = frame({"\n\n\ndata: 1\n\n\n\r\n\ndata: 2\n\n"});
  Events with_data;
  for (const auto& event : framed.events) {
    if (!event.second.empty()) with_data.push_back(event);
  }
  CHECK(with_data == Events{{"", "1"}, {"", "2"}});
}

TEST_CASE("what is not complete stays back") {
  const Framed framed = frame({"data: 1\n\ndata: 2\n"});
  CHECK(framed.events == Events{{"", "1"}});
  CHECK(framed.out == "data: 1\n\n");
  CHECK(framed.rest == "data: 2\n");
}

TEST_CASE("however the bytes are cut, the events are the same and no byte is lost") {
  const std::string sample =
      "\xef\xbb\xbf: hi\n\nevent: a\ndata: \xe6\x97\xa5\n\n\ndata: 1\r\ndata: 2\r\n\r\nevent: "
      "e\n\ndata: 3\n\r\nevent: r\rdata: 4\r\rdata: 5\r\n\rdata: 6\r\r\n"
      "data: cut";
  const Framed whole = frame({sample});
  REQUIRE(whole.events.size() == 9);
  REQUIRE(whole.out + whole.rest == sample);
  for_all_splits(sample, [&](const std::vector<std::string>& pieces) {
    const Framed framed = frame(pieces);
    REQUIRE(framed.events == whole.events);
    REQUIRE(framed.out == whole.out);
    REQUIRE(framed.rest == whole.rest);
  });
}

TEST_CASE("an event of a megabyte comes in one piece") {
  const std::string data(1'000'000, 'x');
  const std::string bytes = "event: big\ndata: " + data + "\n\ndata: small\n\n";
  for (const std::size_t chunk : {std::size_t{1'000}, std::size_t{16'384}, bytes.size()}) {
    const Framed framed = frame(in_chunks(bytes, chunk));
    CHECK_FALSE(framed.overflowed);
    REQUIRE(framed.events.size() == 2);
    CHECK((framed.events[0].second == data));
    CHECK(framed.events[1].second == "small");
    CHECK((framed.out == bytes));
  }
}

TEST_CASE("an incomplete event over the limit is told") {
  CHECK_FALSE(frame({"data: 12345"}, 11).overflowed);
  CHECK(frame({"data: 123456"}, 11).overflowed);
  CHECK(frame({"data: 1\n\ndata:", " 123456"}, 11).overflowed);
  CHECK_FALSE(frame({"data: 1234567890\n\n"}, 11).overflowed);  // complete: nothing is held
}

}  // namespace responses_proxy
