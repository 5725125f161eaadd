#include "config/config_text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/resources.h"
#include "source_dir.h"
#include "unit/config/map_environment.h"

using namespace responses_proxy;
using namespace responses_proxy::config;
using responses_proxy::testing::load;

TEST_CASE("docs/configuration.md is what the table says") {
  const std::string path = std::string(RP_SOURCE_DIR) + "/docs/configuration.md";
  if (std::getenv("RP_UPDATE_DOCS") != nullptr) std::ofstream(path) << configuration_markdown();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  CHECK(content.str() == configuration_markdown());
}

TEST_CASE("the documentation names every variable in a whole table row") {
  const std::string markdown = configuration_markdown();
  for (const Field& field : field_table()) {
    CAPTURE(field.name);
    const auto begin = markdown.find("\n| `" + field.name + "` | ");
    REQUIRE(begin != std::string::npos);
    const std::string row = markdown.substr(begin + 1, markdown.find('\n', begin + 1) - begin - 1);
    CHECK(std::count(row.begin(), row.end(), '|') == 5);
    CHECK(row.find(field.allowed) != std::string::npos);
  }
}

TEST_CASE("the effective configuration is aligned and complete") {
  const std::string text = describe_config(load({{"PROXY_PORT", "9000"},
                                                 {"OPENAI_API_KEYS", "sk-first-key-1111,sk-2"},
                                                 {"OPENAI_RESOURCE_WEIGHTS", "2.5"}})
                                               .config);
  const auto column = text.find(" = ");
  std::istringstream lines(text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(line.find(" = ") == column);
    CHECK(line.find_last_not_of(' ') + 1 == line.size());
  }
  std::size_t shown = 0;
  for (const Field& field : field_table()) shown += field.show ? 1 : 0;
  CHECK(count == shown + 2);
  const auto line = [&](const std::string& name, const std::string& value) {
    return name + std::string(column - name.size(), ' ') + " = " + value + "\n";
  };
  CHECK(text.find(line("PROXY_PORT", "9000")) != std::string::npos);
  CHECK(text.find(line("PROXY_ADMIN_TOKEN", "(unset)")) != std::string::npos);
  CHECK(text.find(line("PROXY_DATABASE_URL", "sqlite:///./data/proxy.sqlite3")) !=
        std::string::npos);
  const auto id = [](const char* key) {
    return resource_id("https://api.openai.com/v1", Secret(key));
  };
  CHECK(text.find(line("openai-1", "id " + id("sk-first-key-1111") +
                                       ", pool openai-default, weight 2.5, key ...1111")) !=
        std::string::npos);
  CHECK(text.find(
            line("openai-2", "id " + id("sk-2") + ", pool openai-default, weight 1, key ...")) !=
        std::string::npos);
}

TEST_CASE("without a key the effective configuration says so") {
  CHECK(describe_config(Config{}).find("(none: no API key is set)") != std::string::npos);
}

TEST_CASE("variables that look like ours but are not read get a warning without their value") {
  const char* const entries[] = {"PATH=/bin",
                                 "PROXY_PORT=1",
                                 "PROXY_PRT=hunter2",
                                 "OPENAI_API_KEY_256=hunter2",
                                 "OPENAI_API_KEY_257=hunter2",
                                 "OPENAI_RESOURCE_WEIGHT=hunter2",
                                 "OPENAI_BASE_URL=hunter2",
                                 "PROXY_SOMETHING_ELSE_ALTOGETHER=hunter2",
                                 nullptr};
  const auto warnings = unknown_variable_warnings(entries);
  REQUIRE(warnings.size() == 4);
  CHECK(warnings[0] == "PROXY_PRT is not a known variable and has no effect; nearest: PROXY_PORT");
  CHECK(warnings[1].starts_with("OPENAI_API_KEY_257 is not a known variable"));
  CHECK(warnings[2].ends_with("nearest: OPENAI_RESOURCE_WEIGHTS"));
  CHECK(warnings[3] == "PROXY_SOMETHING_ELSE_ALTOGETHER is not a known variable and has no effect");
  for (const std::string& warning : warnings) CHECK(warning.find("hunter2") == std::string::npos);
}

TEST_CASE("an endless name costs no endless search") {
  const std::string entry = "PROXY_" + std::string(100'000, 'A') + "=1";
  const char* const entries[] = {entry.c_str(), nullptr};
  const auto warnings = unknown_variable_warnings(entries);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].size() < 300);
}
