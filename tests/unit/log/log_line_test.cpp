#include "log/log_line.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace responses_proxy;

namespace {

const WallTime kTime{std::chrono::milliseconds(1'795'249'020'007)};

LogEvent event(std::string message) {
  return {LogLevel::warning, "outage_begun", std::move(message), {{"what", "Redis"}}};
}

std::string text_of(std::string message) {
  return log_line(event(std::move(message)), LogFormat::text, kTime);
}

}  // namespace

TEST_CASE("a text line has time, level and message") {
  CHECK(text_of("Redis is away") == "2026-11-21T08:17:00.007Z warning Redis is away\n");
  CHECK(log_line({LogLevel::info, "started", "up"}, LogFormat::text, kTime) ==
        "2026-11-21T08:17:00.007Z info up\n");
  CHECK(log_line({LogLevel::error, "lost", "gone"}, LogFormat::text, kTime) ==
        "2026-11-21T08:17:00.007Z error gone\n");
}

TEST_CASE("no text can forge a line, command a terminal or fill the disk") {
  const std::string head = "2026-11-21T08:17:00.007Z warning ";
  CHECK(text_of("a\r\n2026 error b") == head + "a\\x0d\\x0a2026 error b\n");
  CHECK(text_of("\x1b[2Jgone\x7f") == head + "\\x1b[2Jgone\\x7f\n");
  CHECK(text_of("\xc2\x9b"
                "2J") == head + "\\x9b2J\n");
  CHECK(text_of("gr\xc3\xbc\xc3\x9f") == head + "gr\xc3\xbc\xc3\x9f\n");
  CHECK(text_of("bad \xff byte") == head + "bad \xef\xbf\xbd byte\n");
  CHECK(text_of(std::string(100'000, 'x')).size() == head.size() + kMaxLoggedText + 1);
}

TEST_CASE("a JSON line has the fields, each of its own type, and is one line") {
  const LogEvent all{LogLevel::error,
                     "records_lost",
                     "a\nb\xff",
                     {{"what", "x\"y\n"}, {"records", std::int64_t{7}}, {"seconds", 1.5}}};
  const std::string line = log_line(all, LogFormat::json, kTime);
  CHECK(line.find('\n') == line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  CHECK(json == nlohmann::json{{"time", "2026-11-21T08:17:00.007Z"},
                               {"level", "error"},
                               {"event", "records_lost"},
                               {"message", "a\nb\xef\xbf\xbd"},
                               {"what", "x\"y\n"},
                               {"records", 7},
                               {"seconds", 1.5}});
}
