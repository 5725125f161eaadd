// SseReader: checks a relayed stream and times its events; SseBody: how Beast feeds it.
#pragma once

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "event_text.h"
#include "measurement.h"

namespace relay_bench {

class SseReader {
 public:
  explicit SseReader(Measurement& measurement) : measurement_(measurement) {}

  void feed(std::string_view bytes) {
    pending_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end; (end = pending_.find("\n\n", begin)) != std::string::npos;
         begin = end + 2) {
      on_event(std::string_view(pending_).substr(begin, end - begin));
    }
    pending_.erase(0, begin);
  }
  // Every event arrived, in order, up to the terminal one.
  bool complete() const { return completed_ && in_order_ && pending_.empty(); }

 private:
  void on_event(std::string_view event) {
    in_order_ = in_order_ && number_after(event, kSequenceKey) == next_sequence_++;
    event.remove_prefix(std::min(event.find("data: ") + 6, event.size()));
    if (type_in_frame(event) == kDelta) {
      measurement_.add(steady_ns() - number_after(event, kSentKey));
    } else if (type_in_frame(event) == kCompleted) {
      completed_ = true;
    }
  }

  Measurement& measurement_;
  std::string pending_;
  std::int64_t next_sequence_ = 0;
  bool in_order_ = true;
  bool completed_ = false;
};

// A Beast Body (its requirements fix these names) that hands the bytes on instead of keeping them.
struct SseBody {
  using value_type = SseReader*;

  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(boost::beast::http::header<isRequest, Fields>&, value_type& target) : target_(target) {}

    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) {
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      std::size_t total = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        target_->feed({static_cast<const char*>(buffer.data()), buffer.size()});
        total += buffer.size();
      }
      return total;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& target_;
  };
};

}  // namespace relay_bench
