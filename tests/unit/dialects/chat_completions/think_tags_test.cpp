#include "dialects/chat_completions/think_tags.h"

#include <doctest/doctest.h>

#include "unit/dialects/splits.h"

using namespace responses_proxy;

namespace {

std::string read(const std::vector<std::string>& pieces) {
  ThinkTags tags;
  std::string thought;
  std::string said;
  const auto think = [&](std::string_view text) { thought += text; };
  const auto say = [&](std::string_view text) { said += text; };
  for (const std::string& piece : pieces) tags.add(piece, think, say);
  tags.end(think, say);
  return thought + "|" + said;
}

}  // namespace

TEST_CASE("think tags: the same, however the text is cut") {
  const struct {
    const char* text;
    const char* read;
  } rows[] = {
      {"<think>a</think>\n\nb", "a|b"},
      {" \n<think>a < b</thin</think>c", "a < b</thin|c"},
      {"hi <think>a</think>", "|hi <think>a</think>"},
      {"<think>never ends", "never ends|"},
      {"<thi", "|<thi"},
      {"", "|"},
      {"<think></think>x</think>", "|x</think>"},
  };
  for (const auto& row : rows) {
    testing::for_all_splits(
        row.text, [&](const std::vector<std::string>& pieces) { CHECK(read(pieces) == row.read); });
  }
}
