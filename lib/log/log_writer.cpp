#include "log/log_writer.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "log/log_line.h"

namespace responses_proxy {

LogWriter::LogWriter(LogOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), lines_(options_.path, notes()) {}

void LogWriter::write(const LogEvent& event) {
  if (event.level >= options_.level) lines_.write(line(event));
}

std::string LogWriter::line(const LogEvent& event) const {
  return log_line(event, options_.format, clock_.wall());
}

LineWriter::Notes LogWriter::notes() const {
  LineWriter::Notes notes;
  notes.dropped = [this](std::size_t lines) {
    return line({LogLevel::error,
                 "log_lines_dropped",
                 fmt::format("{} lines of the log could not be written", lines),
                 {{"lines", static_cast<std::int64_t>(lines)}}});
  };
  notes.unusable = [this](const std::string& problem) {
    return line({LogLevel::error,
                 "log_file_unusable",
                 fmt::format("the log stays where it is: {}", problem),
                 {{"problem", problem}}});
  };
  notes.failing = [](const std::string&) {};  // there is nowhere to say it
  return notes;
}

}  // namespace responses_proxy
