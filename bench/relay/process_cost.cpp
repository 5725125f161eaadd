#include "process_cost.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace relay_bench {

namespace {

std::string read(pid_t pid, const char* file) {
  const std::string path = fmt::format("/proc/{}/{}", pid, file);
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (text.empty()) throw std::runtime_error("cannot read " + path);
  return text;
}

}  // namespace

double cpu_seconds(const std::vector<pid_t>& pids) {
  double ticks = 0;
  for (const pid_t pid : pids) {
    const std::string stat = read(pid, "stat");
    // The name in parentheses may contain spaces; what follows it starts with field 3.
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double utime = 0;
    double stime = 0;
    fields >> utime >> stime;
    ticks += utime + stime;
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::int64_t pss_bytes(const std::vector<pid_t>& pids) {
  std::int64_t kilobytes = 0;
  for (const pid_t pid : pids) {
    const std::string rollup = read(pid, "smaps_rollup");
    kilobytes += std::stoll(rollup.substr(rollup.find("\nPss:") + 5));
  }
  return kilobytes * 1024;
}

}  // namespace relay_bench
