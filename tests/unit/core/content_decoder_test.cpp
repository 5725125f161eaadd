#include "core/content_decoder.h"

#include <doctest/doctest.h>

#include <string>

#include "fakes/compressed.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Decoded {
  std::string text;
  bool good = true;
  bool complete = false;
};

// With so many bytes in at a time, and room for so many out.
Decoded decoded(std::string_view coding, std::string_view body, std::size_t in_size,
                std::size_t out_size) {
  const auto decoder = make_content_decoder(coding);
  REQUIRE(decoder);
  Decoded result;
  std::string out(out_size, '\0');
  while (!body.empty()) {
    std::string_view in = body.substr(0, in_size);
    body.remove_prefix(in.size());
    for (;;) {
      const auto made = decoder->decode(in, out);
      if (!made) return {result.text, false, false};
      CHECK(*made <= out.size());
      if (*made == 0) break;
      result.text.append(out, 0, *made);
    }
    CHECK(in.empty());
  }
  result.complete = decoder->complete();
  return result;
}

}  // namespace

TEST_CASE("a body is decoded in whatever pieces it comes, a little at a time") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * i);
  struct Row {
    const char* coding;
    std::string body;
  };
  for (const Row& row :
       {Row{"gzip", gzip(text)}, Row{"X-GZIP", gzip(text)}, Row{"deflate", deflated(text, 15)},
        Row{"deflate", deflated(text, -15)}, Row{"deflate", gzip(text)}, Row{"zstd", zstd(text)}}) {
    CAPTURE(row.coding);
    for (const std::size_t in_size : {std::size_t{1}, std::size_t{1000}, row.body.size()}) {
      for (const std::size_t out_size : {100U, 100'000U}) {
        const Decoded result = decoded(row.coding, row.body, in_size, out_size);
        CHECK(result.good);
        CHECK(result.complete);
        CHECK((result.text == text));
      }
    }
    CHECK_FALSE(decoded(row.coding, row.body.substr(0, row.body.size() - 1), 10, 100).complete);
  }
  CHECK(decoded("gzip", gzip("one ") + gzip("two"), 1, 1).text == "one two");
  CHECK(decoded("zstd", zstd("one ") + zstd("two"), 1, 1).text == "one two");
}

TEST_CASE("bytes of something else are found out") {
  for (const std::size_t in_size : {1U, 100U}) {
    CHECK_FALSE(decoded("gzip", "not gzip", in_size, 100).good);
    CHECK_FALSE(decoded("gzip", gzip("text") + "tail", in_size, 100).good);
    CHECK_FALSE(decoded("deflate", "\xff\xff\xff\xff", in_size, 100).good);
    CHECK_FALSE(decoded("zstd", "not zstd", in_size, 100).good);
  }
  CHECK_FALSE(decoded("deflate", "x", 1, 100).complete);
  CHECK(make_content_decoder("br") == nullptr);
  CHECK(make_content_decoder("") == nullptr);
}
