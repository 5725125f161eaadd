// The ResponseIndex over RecordQueries: one thread asks, so that no event loop waits for SQL.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "responses_proxy/record_queries.h"
#include "responses_proxy/response_index.h"

namespace responses_proxy {

class RecordResponseIndex final : public ResponseIndex {
 public:
  // Questions waiting beyond this are answered "unknown" at once.
  static constexpr std::size_t kMaxWaiting = 1024;

  explicit RecordResponseIndex(RecordQueries& records);
  ~RecordResponseIndex() override;  // the loops no longer run
  RecordResponseIndex(const RecordResponseIndex&) = delete;
  RecordResponseIndex& operator=(const RecordResponseIndex&) = delete;

  void find(EventLoop& loop, std::string response_id, Found found) override;

 private:
  struct Question;
  void run();

  RecordQueries& records_;
  std::mutex mutex_;  // guards waiting_ and stopping_
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Question>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace responses_proxy
