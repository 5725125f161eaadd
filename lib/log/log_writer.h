// LogWriter: writes events as lines to standard error or a file.
//
// Role       The Log of rp-server; log() may be handed to whatever tells.
// Threads    Everything from any thread.
// Ownership  Outlives whoever has its log().
// Errors, blocking, limits: those of LineWriter. How many lines could not be written is the next
//            line that can be.
#pragma once

#include <string>

#include "log/line_writer.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string path;  // "" = standard error
};

class LogWriter {
 public:
  LogWriter(LogOptions options, const Clock& clock);

  void write(const LogEvent& event);
  Log log() {
    return [this](const LogEvent& event) { write(event); };
  }
  void reopen() { lines_.reopen(); }

 private:
  std::string line(const LogEvent& event) const;
  LineWriter::Notes notes() const;

  const LogOptions options_;
  const Clock& clock_;
  LineWriter lines_;
};

}  // namespace responses_proxy
