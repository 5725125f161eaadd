// Options: "--name=value" arguments with defaults, for the programs of this benchmark.
#pragma once

#include <charconv>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace relay_bench {

class Options {
 public:
  // Throws std::invalid_argument for an argument that is not one of `defaults`.
  Options(int argc, char** argv, std::map<std::string, std::string, std::less<>> defaults)
      : values_(std::move(defaults)) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view argument(argv[i]);
      const std::size_t equals = argument.find('=');
      const auto known = argument.starts_with("--") && equals != std::string_view::npos
                             ? values_.find(argument.substr(2, equals - 2))
                             : values_.end();
      if (known == values_.end()) {
        throw std::invalid_argument("unknown argument " + std::string(argument));
      }
      known->second = argument.substr(equals + 1);
    }
  }

  const std::string& text(std::string_view name) const { return values_.find(name)->second; }

  template <class Number>
  Number number(std::string_view name) const {
    return parse<Number>(text(name));
  }

  // "1,2,3"; "" is an empty list.
  template <class Number>
  std::vector<Number> numbers(std::string_view name) const {
    std::vector<Number> result;
    for (std::string_view rest = text(name); !rest.empty();) {
      const std::size_t comma = rest.find(',');
      result.push_back(parse<Number>(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return result;
  }

 private:
  template <class Number>
  static Number parse(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      throw std::invalid_argument("not a number: " + std::string(text));
    }
    return value;
  }

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace relay_bench
