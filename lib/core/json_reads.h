// How many JSON documents this thread has read so far. Tests hold it against what is promised: that
// an event is looked at once.
#pragma once

#include <cstddef>

namespace responses_proxy {

struct JsonReads {
  std::size_t skimmed = 0;  // by read_json_fields() and what is made of it
  std::size_t parsed = 0;   // as a whole
};

inline JsonReads& json_reads() {
  static thread_local JsonReads reads;
  return reads;
}

}  // namespace responses_proxy
