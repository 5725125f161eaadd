#include "control/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace responses_proxy::control {

namespace {

using std::chrono::microseconds;

// Takes the text apart from the left; once something did not fit, everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool accept(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
    return value;
  }
  // ".25" -> 250000; digits beyond the microsecond are read and dropped.
  microseconds fraction() {
    if (!accept(".,")) return {};
    microseconds value{0};
    microseconds unit{100'000};
    do {
      value += unit * digit();
      unit /= 10;
    } while (next_is_digit());
    return value;
  }
  bool next_is_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool finished() const { return ok_ && rest_.empty(); }
  bool empty() const { return rest_.empty(); }
  void fail_unless(bool condition) { ok_ = ok_ && condition; }

 private:
  int digit() {
    if (!next_is_digit()) {
      ok_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::optional<WallTime> parse_unix_seconds(std::string_view text) {
  const std::size_t whole = std::min(text.find('.'), text.size());
  if (whole == 0 || whole > 10) return std::nullopt;
  Scanner scanner(text);
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < whole; ++i) seconds = seconds * 10 + scanner.digits(1);
  const microseconds fraction = scanner.fraction();
  if (!scanner.finished()) return std::nullopt;
  return WallTime(std::chrono::seconds(seconds) + fraction);
}

std::chrono::minutes scan_offset(Scanner& scanner) {
  if (scanner.accept("Zz") || scanner.empty()) return {};
  // A "+" that was not escaped in the query arrives as a blank.
  const bool east = scanner.accept("+ ");
  scanner.fail_unless(east || scanner.accept("-"));
  const int hours = scanner.digits(2);
  scanner.accept(":");
  const int minutes = scanner.digits(2);
  scanner.fail_unless(hours < 24 && minutes < 60);
  return std::chrono::minutes((east ? 1 : -1) * (hours * 60 + minutes));
}

microseconds scan_time_of_day(Scanner& scanner) {
  const int hour = scanner.digits(2);
  scanner.fail_unless(scanner.accept(":"));
  const int minute = scanner.digits(2);
  const int second = scanner.accept(":") ? scanner.digits(2) : 0;
  scanner.fail_unless(hour < 24 && minute < 60 && second < 60);
  const microseconds fraction = scanner.fraction();
  return std::chrono::seconds(hour * 3600 + minute * 60 + second) + fraction - scan_offset(scanner);
}

}  // namespace

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<Millis>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_time(std::string_view text) {
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) {
    return parse_unix_seconds(text);
  }
  Scanner scanner(text);
  const std::chrono::year year(scanner.digits(4));
  scanner.fail_unless(scanner.accept("-"));
  const std::chrono::month month(static_cast<unsigned>(scanner.digits(2)));
  scanner.fail_unless(scanner.accept("-"));
  const std::chrono::year_month_day date(
      year, month, std::chrono::day(static_cast<unsigned>(scanner.digits(2))));
  // The wall clock's nanoseconds end in 2262.
  scanner.fail_unless(date.ok() && static_cast<int>(year) >= 1970 && static_cast<int>(year) < 2200);
  const microseconds time = scanner.accept("Tt ") ? scan_time_of_day(scanner) : microseconds{0};
  if (!scanner.finished()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + time);
}

}  // namespace responses_proxy::control
