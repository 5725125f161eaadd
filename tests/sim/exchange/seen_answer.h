// What a client has seen of one answer, told event by event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy::sim {

class SeenAnswer {
 public:
  void add_event(std::string_view json);
  // The whole body of an event stream.
  void add_stream(std::string_view text);

  int ends() const { return ends_; }
  bool gapless() const { return gapless_; }
  bool behind_the_end() const { return behind_the_end_; }
  const std::string& last_type() const { return last_type_; }  // of the terminal event
  // All events and their numbers, to be told when something is wrong.
  const std::string& course() const { return course_; }
  const std::string& completed_response() const { return completed_response_; }

 private:
  int ends_ = 0;
  bool gapless_ = true;
  bool behind_the_end_ = false;  // events of a response after its terminal event
  std::string last_type_;
  std::string course_;
  std::string completed_response_;
  std::optional<std::int64_t> number_;  // of the last event that has one
};

}  // namespace responses_proxy::sim
