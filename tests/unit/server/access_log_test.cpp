#include "server/access_log.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <future>
#include <sstream>
#include <vector>

#include "core/json.h"
#include "fakes/temp_folder.h"

using namespace responses_proxy;
using responses_proxy::testing::TempFolder;

namespace {

RequestRecord answered() {
  RequestRecord record;
  record.request_id = "req_1";
  record.created_at = WallTime(std::chrono::milliseconds(1'795'219'200'123));
  record.method = "POST";
  record.path = "/v1/responses";
  record.status_code = 200;
  record.completed = true;
  record.model = "gpt-5";
  record.duration = std::chrono::microseconds(842'900);
  record.first_byte = std::chrono::microseconds(120'000);
  record.request_bytes = 10;
  record.response_bytes = 20;
  record.usage.input = 7;
  AttemptRecord first;
  first.resource_id = "openai-1";
  AttemptRecord last;
  last.resource_id = "openai-2";
  last.reason = SelectionReason::failover;
  record.attempts = {first, last};
  return record;
}

}  // namespace

TEST_CASE("a line of text: what is absent is left out, the last attempt is who answered") {
  CHECK(access_line(answered(), AccessLogFormat::text) ==
        "2026-11-21T00:00:00.123Z POST /v1/responses 200 842ms first_byte=120ms request=req_1 "
        "model=gpt-5 resource=openai-2 reason=failover attempts=2 in=10 out=20 input_tokens=7\n");
}

TEST_CASE("no text of a client can forge a line or a field of it") {
  RequestRecord record = answered();
  record.path = "/v1/a\nb";
  record.session_id = "s 1\" status=500";
  record.model = "m\x1b[31m";
  record.caller = std::string(3'000, 'c');
  const std::string line = access_line(record, AccessLogFormat::text);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find(R"( session="s 1\" status=500" )") != std::string::npos);
  CHECK(line.find(" caller=" + std::string(2'048, 'c') + " ") != std::string::npos);
}

TEST_CASE("a line of JSON is the row of the list of requests, without bodies") {
  RequestRecord record = answered();
  record.request_body = "hello";
  const std::string line = access_line(record, AccessLogFormat::json);
  CHECK(line.find('\n') == line.size() - 1);
  const Json row = Json::parse(line);
  CHECK(row["request_id"] == "req_1");
  CHECK(row["status_code"] == 200);
  CHECK(row["attempts"].size() == 2);
  CHECK(line.find("hello") == std::string::npos);
}

TEST_CASE("lines go to the file, and to a new one when the old one has been moved away") {
  const TempFolder folder;
  const std::string path = (folder.path() / "access.log").string();
  const auto lines_of = [](const std::string& file) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  };
  {
    AccessLog log(AccessLogFormat::text, path, ignore_log);
    log.write(answered());
  }
  CHECK(lines_of(path).size() == 1);
  std::filesystem::rename(path, path + ".1");
  {
    AccessLog log(AccessLogFormat::text, path, ignore_log);
    log.reopen();
    log.write(answered());
    log.write(answered());
  }
  CHECK(lines_of(path + ".1").size() == 1);
  CHECK(lines_of(path).size() == 2);
}

TEST_CASE("a file that cannot be opened anew is told to the log, and the old one goes on") {
  const TempFolder folder;
  const std::filesystem::path path = folder.path() / "logs" / "access.log";
  std::filesystem::create_directory(path.parent_path());
  std::vector<LogEvent> events;
  {
    AccessLog log(AccessLogFormat::text, path.string(),
                  [&](const LogEvent& event) { events.push_back(event); });
    std::filesystem::rename(path.parent_path(), folder.path() / "moved");
    log.reopen();
    log.write(answered());
  }
  REQUIRE(events.size() == 1);
  CHECK(events[0].event == "access_log_unusable");
  CHECK(events[0].message.find(path.string()) != std::string::npos);
  CHECK(std::filesystem::file_size(folder.path() / "moved" / "access.log") > 0);
}

TEST_CASE(
    "a file that takes nothing is told once with the reason, and at the end how many lines that "
    "were") {
  std::vector<LogEvent> events;
  {
    AccessLog log(AccessLogFormat::text, "/dev/full",
                  [&](const LogEvent& event) { events.push_back(event); });
    for (int i = 0; i < 3; ++i) log.write(answered());
  }
  REQUIRE(events.size() == 2);
  CHECK(events[0].event == "access_log_failing");
  CHECK(events[0].message ==
        "the access log loses lines: cannot write to /dev/full: No space left on device");
  CHECK(events[1].event == "access_lines_dropped");
  CHECK(events[1].message == "3 lines of the access log could not be written");
}

TEST_CASE("a line that was torn ends where the next one begins") {
  const TempFolder folder;
  const std::string path = (folder.path() / "access.log").string();
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  std::promise<void> torn;
  {
    AccessLog log(AccessLogFormat::text, path, [&](const LogEvent& event) {
      if (event.event == "access_log_failing") torn.set_value();
    });
    const rlimit small{10, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    log.write(answered());
    torn.get_future().wait();
    ::setrlimit(RLIMIT_FSIZE, &before);
    log.write(answered());
  }
  ::signal(SIGXFSZ, SIG_DFL);
  std::ifstream stream(path);
  std::string first;
  std::string second;
  std::getline(stream, first);
  std::getline(stream, second);
  CHECK(first.size() == 10);
  CHECK(second + "\n" == access_line(answered(), AccessLogFormat::text));
}
