#include "codex/catalog_base.h"

#include <doctest/doctest.h>

#include "unit/codex/entry_of_codex.h"

namespace responses_proxy {

namespace {

using testing::catalog_of;
using testing::entry_of_codex;

std::string problem_of(const std::string& text) {
  std::string problem;
  const CatalogBase base = parse_catalog(text, problem);
  if (!problem.empty()) CHECK(base.entries.empty());
  return problem;
}

}  // namespace

TEST_CASE("a catalog is read as Codex prints it") {
  std::string problem;
  const CatalogBase base =
      parse_catalog(catalog_of({entry_of_codex("gpt-9"), entry_of_codex("gpt-8")}), problem);
  CHECK(problem == "");
  REQUIRE(base.entries.size() == 2);
  CHECK(base.find("gpt-8")->json["slug"] == "gpt-8");
  CHECK(base.find("gpt-7") == nullptr);
}

TEST_CASE("an entry that Codex would not take is told with its place") {
  for (const char* field :
       {"slug", "display_name", "supported_reasoning_levels", "shell_type", "visibility",
        "supported_in_api", "priority", "support_verbosity", "truncation_policy",
        "experimental_supported_tools", "base_instructions"}) {
    CAPTURE(field);
    Json entry = entry_of_codex("gpt-8");
    entry.erase(field);
    CHECK(problem_of(catalog_of({entry_of_codex("gpt-9"), entry})) ==
          std::string("models[1] has no ") + field + " that Codex takes");
  }
  Json number = entry_of_codex("gpt-8");
  number["priority"] = 1.5;
  CHECK(problem_of(catalog_of({number})) == "models[0] has no priority that Codex takes");
  Json messages = entry_of_codex("gpt-8");
  messages.erase("base_instructions");
  messages["model_messages"] = {{"instructions_template", "You are Codex."}};
  CHECK(problem_of(catalog_of({messages})) == "");
}

TEST_CASE("what is no catalog, or has a model twice, is told") {
  CHECK(problem_of("[]") == "is no JSON object");
  CHECK(problem_of(R"({"object":"list","data":[]})").starts_with("is no catalog"));
  CHECK(problem_of(catalog_of({entry_of_codex("gpt-9"), entry_of_codex("gpt-9")})) ==
        "has the model gpt-9 twice");
}

TEST_CASE("a file that is not there is a problem, no file is none") {
  std::string problem;
  CHECK(read_catalog("", problem).entries.empty());
  CHECK(problem == "");
  read_catalog("/nowhere/models.json", problem);
  CHECK(problem != "");
}

TEST_CASE("names that Codex takes for its own models") {
  CHECK(codex_model_in("gpt-5.5-foo") == "gpt-5.5");
  CHECK(codex_model_in("kimi/gpt-5.5") == "gpt-5.5");
  CHECK(codex_model_in("gpt-6-solar") == "gpt-6-sol");
  CHECK(codex_model_in("openai/gpt-6-sol") == "gpt-6-sol");
  CHECK(codex_model_in("gpt-6") == "");
  CHECK(codex_model_in("a/b/gpt-5.5") == "");
  CHECK(codex_model_in("kimi/k2") == "");
  CHECK(name_warning("kimi/k2") == "");
  CHECK(name_warning("kimi/gpt-5.5").find("gpt-5.5") != std::string::npos);
}

}  // namespace responses_proxy
