// RecordWriter: where finished records go: the database, or the Redis stream in front of it.
//
// Role       The end of the telemetry queue. The queue keeps what a writer does not take, in memory
//            or in its spool. SqlRecordWriter and StreamRecordWriter implement it.
// Threads    write(), tend() and take_back() one at a time; the rest from any.
// Errors     write() throws StorageError when nothing of it is sure to be kept and all is to be
//            written again, RecordRefused when that is because of one of the records.
// Blocking   These three wait for the database or for Redis: never on an event loop.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"
#include "responses_proxy/storage_error.h"

namespace responses_proxy {

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;

  // Writing a record twice changes nothing in the database.
  virtual void write(std::span<const RequestRecord> records) = 0;
  // "the database": for the log.
  virtual std::string name() const = 0;

  // For those that give records away before they are safe.
  // Called now and then while there is nothing to write, until it says that it need not be before
  // the next write().
  virtual bool tend() noexcept { return false; }
  // The last call: records that write() took and that are not safe where they are.
  virtual std::vector<RequestRecord> take_back() { return {}; }
  // Records that write() took and that are lost since then.
  virtual std::uint64_t lost() const { return 0; }
};

}  // namespace responses_proxy
