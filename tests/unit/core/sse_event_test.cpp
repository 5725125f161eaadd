#include "core/sse_event.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("an event of several lines is the same text to a reader of server-sent events") {
  CHECK(sse_event("", R"({"a":1})") == "data: {\"a\":1}\n\n");
  CHECK(sse_event("t", R"({"a":1})") == "event: t\ndata: {\"a\":1}\n\n");
  CHECK(sse_event("", "{\r\n\"a\":1}") == "data: {\ndata: \"a\":1}\n\n");
}

}  // namespace responses_proxy
