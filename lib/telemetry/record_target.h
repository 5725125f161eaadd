// RecordTarget: where the sink's writer puts records.
//
// Role       The database itself, or the Redis stream in front of it. The sink keeps what a target
//            does not take, in memory or in its spool.
// Threads    write(), tend() and take_back() one at a time; the rest from any.
// Errors     As RecordStore::write(): StorageError when nothing of it is sure to be kept and all is
//            to be written again, RecordRefused when it is one of the records.
// Blocking   These three wait for the target.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"
#include "storage/record_store.h"

namespace responses_proxy {

class RecordTarget {
 public:
  virtual ~RecordTarget() = default;

  // Writing a record twice changes nothing in the database.
  virtual void write(std::span<const RequestRecord> records) = 0;
  // Called now and then while there is nothing to write, until it says that it need not be before
  // the next write().
  virtual bool tend() noexcept { return false; }
  // The last call: records that write() took and that are not safe where they are.
  virtual std::vector<RequestRecord> take_back() { return {}; }
  // Records that write() took and that are lost since then.
  virtual std::uint64_t lost() const { return 0; }
  // "the database": for the log.
  virtual std::string name() const = 0;
};

class StoreTarget final : public RecordTarget {
 public:
  explicit StoreTarget(RecordStore& store) : store_(store) {}

  void write(std::span<const RequestRecord> records) override { store_.write(records); }
  std::string name() const override { return "the database"; }

 private:
  RecordStore& store_;
};

}  // namespace responses_proxy
