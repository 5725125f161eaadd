#include "control/process_gauges.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace responses_proxy::control {

namespace {

// Positions in /proc/self/stat behind the name in brackets, which may hold blanks; proc(5) counts
// from 1 and has two fields before it.
enum StatField : std::size_t {
  kUserTime = 11,
  kSystemTime = 12,
  kThreads = 17,
  kStart = 19,
  kVirtual = 20,
  kResidentPages = 21
};

std::vector<std::uint64_t> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  std::vector<std::uint64_t> fields(kResidentPages + 1);
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(text.substr(name_end + 1));
  std::string word;
  for (std::size_t i = 0; i < fields.size() && rest >> word; ++i) {
    fields[i] = std::strtoull(word.c_str(), nullptr, 10);  // the state is a letter: 0
  }
  return fields;
}

// When the machine started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

std::uint64_t open_files() {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count == 0 ? 0 : count - 1;  // the folder itself was open
}

}  // namespace

GaugeValues::ProcessGauges process_gauges() {
  const std::vector<std::uint64_t> stat = read_stat();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  GaugeValues::ProcessGauges gauges;
  gauges.cpu_seconds = static_cast<double>(stat[kUserTime] + stat[kSystemTime]) / ticks;
  gauges.start_time = boot_time() + static_cast<double>(stat[kStart]) / ticks;
  gauges.resident_bytes =
      stat[kResidentPages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  gauges.virtual_bytes = stat[kVirtual];
  gauges.threads = stat[kThreads];
  gauges.open_files = open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) gauges.max_files = limit.rlim_cur;
  return gauges;
}

}  // namespace responses_proxy::control
