#include "telemetry/batch_writer.h"

#include <exception>
#include <utility>

#include "telemetry/write_parts.h"

namespace responses_proxy {

BatchWriter::BatchWriter(RecordWriter& target, Millis tend_every, Done done)
    : target_(target),
      tend_every_(tend_every),
      done_(std::move(done)),
      thread_([this] { run(); }) {}

BatchWriter::~BatchWriter() {
  stop();
}

void BatchWriter::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void BatchWriter::start(Batch batch) {
  {
    const std::scoped_lock lock(mutex_);
    batch_ = std::move(batch);
  }
  wake_.notify_one();
}

void BatchWriter::run() {
  const auto ready = [this] { return stopping_ || batch_; };
  bool tend = false;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!tend) {
      wake_.wait(lock, ready);
    } else if (!wake_.wait_for(lock, tend_every_, ready)) {
      lock.unlock();
      tend = target_.tend();
      lock.lock();
      continue;
    }
    if (!batch_) return;
    const Batch batch = std::exchange(batch_, nullptr);
    lock.unlock();
    done_(write(*batch));
    tend = true;
    lock.lock();
  }
}

BatchWriter::Outcome BatchWriter::write(std::span<const RequestRecord> records) {
  try {
    const auto refused =
        write_parts(records, [this](std::span<const RequestRecord> part) { target_.write(part); });
    if (refused.empty()) return {};
    const RefusedRecord& first = refused.front();
    return {{}, refused.size(), records[first.index].request_id + ": " + first.reason};
  } catch (const std::exception& error) {
    return {error.what(), 0, {}};
  }
}

}  // namespace responses_proxy
