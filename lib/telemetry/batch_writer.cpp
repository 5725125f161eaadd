#include "telemetry/batch_writer.h"

#include <exception>
#include <utility>

namespace responses_proxy {

BatchWriter::BatchWriter(RecordStore& store, Done done)
    : store_(store), done_(std::move(done)), thread_([this] { run(); }) {}

BatchWriter::~BatchWriter() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BatchWriter::start(Batch batch) {
  {
    const std::scoped_lock lock(mutex_);
    batch_ = std::move(batch);
  }
  wake_.notify_one();
}

void BatchWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || batch_; });
    if (!batch_) return;
    const Batch batch = std::exchange(batch_, nullptr);
    lock.unlock();
    done_(write(*batch));
    lock.lock();
  }
}

BatchWriter::Outcome BatchWriter::write(std::span<const RequestRecord> records) {
  Outcome outcome;
  try {
    write_parts(records, outcome);
    return outcome;
  } catch (const std::exception& error) {
    return {error.what(), 0, {}};
  }
}

void BatchWriter::write_parts(std::span<const RequestRecord> records, Outcome& outcome) {
  try {
    return store_.write(records);
  } catch (const RecordRefused& error) {
    if (records.size() == 1) {
      if (outcome.refused++ == 0)
        outcome.refusal = records.front().request_id + ": " + error.what();
      return;
    }
  }
  write_parts(records.first(records.size() / 2), outcome);
  write_parts(records.subspan(records.size() / 2), outcome);
}

}  // namespace responses_proxy
