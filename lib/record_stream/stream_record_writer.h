// StreamRecordWriter: puts records into the Redis stream, where workers take them from.
//
// Role       As RecordWriter. A full stream counts as an outage: entries nobody has stored are
// never
//            trimmed, the sink's spool takes what comes. What is in the stream is kept here as well
//            until a worker has stored it, and sent again when Redis has lost its data (restarted
//            without persistence, flushed, evicted, another instance took over); the database takes
//            each record once.
// Errors     StorageError whatever is wrong with Redis; the next write() connects again.
// Limits     Up to one batch per process beyond `max_events` in the stream; kUnconfirmedBytes of
//            encoded records here.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "record_stream/unconfirmed.h"
#include "responses_proxy/log.h"
#include "responses_proxy/random.h"
#include "storage/record_writer.h"

namespace responses_proxy {

class StreamRecordWriter final : public RecordWriter {
 public:
  static constexpr std::size_t kUnconfirmedBytes = std::size_t{64} << 20;

  // One line in the log each time Redis has lost its data.
  StreamRecordWriter(StreamOptions options, Random& random, Log log,
                     std::size_t unconfirmed_bytes = kUnconfirmedBytes);

  void write(std::span<const RequestRecord> records) override;
  bool tend() noexcept override;
  std::vector<RequestRecord> take_back() override;
  std::uint64_t lost() const override { return unconfirmed_.lost(); }
  std::string name() const override { return "Redis"; }

 private:
  // Connects where needed, learns what workers have stored, sends again what Redis lost. Returns
  // the length of the stream.
  std::uint64_t look();
  void connect();
  std::string make_mark();
  void learn_mark(const std::string& mark);
  void learn_confirmed(const redisReply& groups, const redisReply& pending);
  // Sends them all; each leaves the deque when it is in the stream.
  void add(std::deque<std::string>& payloads);

  const StreamOptions options_;
  Random& random_;
  const Log log_;
  std::unique_ptr<BlockingConnection> redis_;
  std::string instance_;  // of the server we are connected to
  std::string data_;      // instance and mark of the data our entries are in
  UnconfirmedRecords unconfirmed_;
  std::deque<std::string> again_;  // lost by Redis
};

}  // namespace responses_proxy
