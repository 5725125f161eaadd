#include "core/json_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace responses_proxy {

namespace {

std::string id_in(std::string_view text) {
  std::string id = "not JSON";
  read_json(text, [&](simdjson::dom::element root) { id = string_at(root, "id"); });
  return id;
}

}  // namespace

TEST_CASE("a document is read, and a string found") {
  CHECK(id_in(R"( {"id": "r\u0031", "n": 1} )") == "r1");
  CHECK(id_in(R"({"id": 7})").empty());
  CHECK(id_in(R"({"id": null})").empty());
  CHECK(id_in("{}").empty());
  CHECK(id_in("[1]").empty());
  CHECK(id_in("\"id\"").empty());
}

TEST_CASE("what is no JSON is not read") {
  CHECK(id_in({}) == "not JSON");  // no bytes, and no place where they would be
  for (const std::string_view text :
       {"", " ", "{", "{\"id\":\"a\"", "{\"id\":\"a\"} x", "{'id':'a'}", "{\"id\":\"\xff\"}", "nul",
        "{\"id\":\"a\nb\"}", "\xef\xbb\xbf", "[1,]"}) {
    CAPTURE(text);
    CHECK(id_in(text) == "not JSON");
  }
}

TEST_CASE("the text may end where the memory ends") {
  const std::string text = R"({"id":"a"})";
  const std::vector<char> exact(text.begin(), text.end());  // sanitizers see a byte beyond it
  CHECK(id_in({exact.data(), exact.size()}) == "a");
}

TEST_CASE("large and deep documents") {
  const std::string large = R"({"x":")" + std::string(3 * kKeptBytes, 'x') + R"(","id":"a"})";
  CHECK(id_in(large) == "a");
  CHECK(id_in(R"({"id":"b"})") == "b");
  const std::string deep =
      R"({"id":"a","x":)" + std::string(500, '[') + std::string(500, ']') + "}";
  CHECK(id_in(deep) == "a");
  CHECK(id_in(std::string(100'000, '[')) == "not JSON");
}

TEST_CASE("each thread has a parser of its own") {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string id = "id-" + std::to_string(t);
      const std::string text = R"({"id":")" + id + "\"}";
      for (int i = 0; i < 1000; ++i) {
        if (id_in(text) != id) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace responses_proxy
