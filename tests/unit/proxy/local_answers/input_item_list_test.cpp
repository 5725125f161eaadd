#include "proxy/local_answers/input_item_list.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/local_answers/query_values.h"

namespace responses_proxy::local_answers {

namespace {

// Two turns: four items before the third turn's own input.
std::shared_ptr<const History> three_turns() {
  auto first = std::make_shared<const History>(
      StoredTurn{"resp_a", "", R"({"role":"user","content":"one"})",
                 R"({"id":"msg_a0000","type":"message","role":"assistant","content":[]})"},
      nullptr);
  auto second = std::make_shared<const History>(
      StoredTurn{
          "resp_b", "resp_a",
          R"({"type":"function_call_output","call_id":"c","output":"x"},{"id":"mine","role":"user","content":"two"})",
          R"({"id":"msg_b0000","type":"message","role":"assistant","content":[]})"},
      first);
  return std::make_shared<const History>(
      StoredTurn{"resp_c", "resp_b", R"({"role":"user","content":"three"})", R"({"id":"x"})"},
      second);
}

Json listed(const std::string& query) {
  const auto page = read_item_page(query);
  REQUIRE(page);
  const auto history = three_turns();
  const auto list = item_list(input_of(*history), *page);
  REQUIRE(list);
  return Json::parse(*list);
}

std::vector<std::string> ids_of(const Json& list) {
  std::vector<std::string> ids;
  for (const Json& item : list["data"]) ids.push_back(item["id"]);
  return ids;
}

const std::vector<std::string> kOldestFirst = {"msg_a8000", "msg_a0000", "fco_b8000",
                                               "mine",      "msg_b0000", "msg_c8000"};

}  // namespace

TEST_CASE("all items up to a response's input, the newest first unless asked otherwise") {
  const Json list = listed("order=asc");
  CHECK(ids_of(list) == kOldestFirst);
  CHECK(list["object"] == "list");
  CHECK(list["first_id"] == "msg_a8000");
  CHECK(list["last_id"] == "msg_c8000");
  CHECK(list["has_more"] == false);
  const std::vector<std::string> newest_first(kOldestFirst.rbegin(), kOldestFirst.rend());
  CHECK(ids_of(listed("")) == newest_first);
  CHECK(ids_of(listed("order=desc&include%5B%5D=message.input_image.image_url")) == newest_first);
}

TEST_CASE("page by page, either way") {
  for (const std::string order : {"asc", "desc"}) {
    std::vector<std::string> all;
    Json list = listed("limit=2&order=" + order);
    for (int pages = 1;; ++pages) {
      CHECK(list["data"].size() == 2);
      for (const std::string& id : ids_of(list)) all.push_back(id);
      CHECK(list["has_more"] == (pages < 3));
      if (pages == 3) break;
      list = listed("limit=2&order=" + order + "&after=" + list["last_id"].get<std::string>());
    }
    std::vector<std::string> expected = kOldestFirst;
    if (order == "desc") expected.assign(kOldestFirst.rbegin(), kOldestFirst.rend());
    CHECK(all == expected);
  }
  const Json behind = listed("order=asc&after=msg_c8000");
  CHECK(behind["data"].empty());
  CHECK(behind["first_id"].is_null());
  CHECK(behind["has_more"] == false);
}

TEST_CASE("items come back as the API gives them") {
  const Json list = listed("order=asc");
  CHECK(dump(list["data"][0]) ==
        R"({"id":"msg_a8000","type":"message","role":"user","content":[{"type":"input_text",)"
        R"("text":"one"}],"status":"completed"})");
  CHECK(dump(list["data"][2]) ==
        R"({"id":"fco_b8000","type":"function_call_output","call_id":"c","output":"x",)"
        R"("status":"completed"})");
  CHECK(dump(given_back(Json::parse(R"({"role":"assistant","content":"hi","status":"incomplete"})"),
                        "i")) ==
        R"({"id":"i","type":"message","role":"assistant","content":[{"type":"output_text",)"
        R"("text":"hi","annotations":[]}],"status":"incomplete"})");
}

TEST_CASE("what cannot be a page is refused by its name") {
  for (const char* query : {"limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "limit=1x"}) {
    CAPTURE(query);
    const auto page = read_item_page(query);
    REQUIRE_FALSE(page);
    CHECK(page.error().param == "limit");
  }
  CHECK(read_item_page("limit=100")->limit == 100);
  CHECK(read_item_page("order=up").error().param == "order");
  const auto page = read_item_page("after=nobody");
  const auto history = three_turns();
  const auto list = item_list(input_of(*history), *page);
  REQUIRE_FALSE(list);
  CHECK(list.error().param == "after");
}

TEST_CASE("a query's values are decoded, the last one counts") {
  CHECK(query_value("a=1&b=x%20y+z&a=2", "a") == "2");
  CHECK(query_value("a=1&b=x%20y+z", "b") == "x y z");
  CHECK(query_value("include%5B%5D=q", "include[]") == "q");
  CHECK(query_value("a&b=", "a") == "");
  CHECK(query_value("a&b=", "b") == "");
  CHECK_FALSE(query_value("ab=1", "a"));
  CHECK_FALSE(query_value("", "a"));
}

}  // namespace responses_proxy::local_answers
