#include "log/log_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "fakes/temp_folder.h"
#include "fakes/wait_until.h"

using namespace responses_proxy;
using responses_proxy::testing::TempFolder;
using responses_proxy::testing::wait_until;

namespace {

struct Rig {
  TempFolder folder;
  SystemClock clock;
  const std::string path = (folder.path() / "rp.log").string();

  LogOptions options(LogLevel level = LogLevel::info) const {
    return {level, LogFormat::text, path};
  }
  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  // How often that stands in the file.
  static std::size_t count(const std::string& file, const std::string& part) {
    const std::string text = content(file);
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  }
};

LogEvent event(LogLevel level, std::string message) {
  return {level, "test", std::move(message)};
}

}  // namespace

TEST_CASE_FIXTURE(Rig, "lines are appended in their order, and all of them before the end") {
  std::ofstream(path) << "earlier\n";
  {
    LogWriter writer(options(), clock);
    for (int i = 0; i < 1'000; ++i) {
      writer.write(event(LogLevel::info, "line " + std::to_string(i) + "."));
    }
  }
  const std::string text = content(path);
  CHECK(text.starts_with("earlier\n"));
  std::size_t at = 0;
  for (int i = 0; i < 1'000; ++i) {
    at = text.find("line " + std::to_string(i) + ".", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Rig, "what is less severe than the level is left out") {
  for (const auto& [level, lines] :
       {std::pair(LogLevel::info, 3U), std::pair(LogLevel::warning, 2U),
        std::pair(LogLevel::error, 1U), std::pair(LogLevel::off, 0U)}) {
    std::filesystem::remove(path);
    {
      LogWriter writer(options(level), clock);
      for (const LogLevel each : {LogLevel::info, LogLevel::warning, LogLevel::error}) {
        writer.write(event(each, "x"));
      }
    }
    CHECK(count(path, "\n") == lines);
  }
}

TEST_CASE_FIXTURE(Rig, "after the file was moved away and opened anew, lines go to the new one") {
  LogWriter writer(options(), clock);
  writer.write(event(LogLevel::info, "first"));
  REQUIRE(wait_until([&] { return count(path, "first") == 1; }));
  std::filesystem::rename(path, path + ".1");
  writer.reopen();
  REQUIRE(wait_until([&] { return std::filesystem::exists(path); }));
  writer.write(event(LogLevel::info, "second"));
  REQUIRE(wait_until([&] { return count(path, "second") == 1; }));
  CHECK(count(path + ".1", "second") == 0);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07) == 0);
}

TEST_CASE_FIXTURE(Rig, "a file that cannot be opened anew is kept, and the log says so") {
  const std::string moved = (folder.path() / "kept.log").string();
  LogWriter writer(options(), clock);
  std::filesystem::rename(path, moved);
  std::filesystem::create_directory(path);
  writer.reopen();
  writer.write(event(LogLevel::info, "still here"));
  REQUIRE(wait_until([&] { return count(moved, "still here") == 1; }));
  CHECK(count(moved, "the log stays where it is: cannot open " + path) == 1);
}

TEST_CASE_FIXTURE(Rig, "a file that cannot be opened at the start is an error with its path") {
  const std::string nowhere = path + "/x/y.log";
  CHECK_THROWS_WITH_AS((LogWriter({LogLevel::info, LogFormat::text, nowhere}, clock)),
                       ("cannot open " + nowhere + ": No such file or directory").c_str(),
                       std::runtime_error);
}

TEST_CASE_FIXTURE(Rig, "lines that nobody takes are counted, and the writer blocks nobody") {
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  LogWriter writer(options(), clock);
  // More than the pipe and the queue take, of which each holds some.
  const std::string long_text(1'500, 'x');
  for (std::size_t i = 0; i < 3 * LineWriter::kMaxQueued; ++i) {
    writer.write(event(LogLevel::info, long_text));
  }
  std::string text;
  std::array<char, 65'536> buffer{};
  CHECK(wait_until([&] {
    const auto bytes = ::read(reader, buffer.data(), buffer.size());
    if (bytes > 0) text.append(buffer.data(), static_cast<std::size_t>(bytes));
    return text.find("lines of the log could not be written") != std::string::npos;
  }));
  ::close(reader);
}
