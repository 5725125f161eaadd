// BatchWriter: one thread that writes one batch at a time, so that whoever has the records does not
// wait for the target.
//
// Threads    start() from one thread, not before the outcome of the last batch; the outcome comes
//            on the writer's thread. While there is no batch, the target is tended to every
//            `tend_every`.
// Ownership  The target outlives the writer. stop(), and the destructor, wait for the batch under
//            way.
// Errors     Those of the target are outcomes. A record the target refuses is found by halving the
//            batch; the others are written.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "responses_proxy/clock.h"
#include "storage/record_writer.h"

namespace responses_proxy {

class BatchWriter {
 public:
  using Batch = std::shared_ptr<const std::vector<RequestRecord>>;
  struct Outcome {
    std::string outage;       // why the batch is to be written again; "" = it is done
    std::size_t refused = 0;  // records that are not written, for reasons of their own
    std::string refusal;      // which, of the first one
  };
  using Done = std::function<void(Outcome)>;

  BatchWriter(RecordWriter& target, Millis tend_every, Done done);
  ~BatchWriter();
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  void start(Batch batch);
  void stop();

 private:
  void run();
  Outcome write(std::span<const RequestRecord> records);

  RecordWriter& target_;
  const Millis tend_every_;
  const Done done_;
  std::mutex mutex_;  // guards batch_ and stopping_
  std::condition_variable wake_;
  Batch batch_;
  bool stopping_ = false;
  std::thread thread_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
