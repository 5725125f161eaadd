// Backlog: the spool as the sink uses it: this process's own from its start to its end, its
// failures said once per outage.
//
// Threads    One at a time.
// Errors     adopt() throws SpoolInUse. Otherwise none are thrown: what it cannot keep stays with
//            the caller, and a spool that could not be opened is tried again in the next outage.
// Blocking   File I/O.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "responses_proxy/log.h"
#include "telemetry/spool.h"

namespace responses_proxy {

class Backlog {
 public:
  // An empty path or 0 bytes: it keeps nothing.
  Backlog(std::string path, std::uint64_t max_bytes, Log log);

  // Takes the file, and over what an earlier process left in it.
  void adopt();
  bool enabled() const { return !path_.empty() && max_bytes_ > 0; }
  bool empty() const { return !spool_ || spool_->empty(); }
  std::size_t size() const { return spool_ ? spool_->size() : 0; }
  // Records that were found unreadable since the last call.
  std::size_t take_damaged();
  // Records that were kept without their bodies since the last call.
  std::size_t take_bodies_dropped();

  // Returns how many of the first records are kept.
  std::size_t add(std::span<const RequestRecord> records);
  // The oldest; never called on an empty backlog.
  Spool::Batch next(std::size_t max);
  void forget(const Spool::Batch& batch);

  // The next failure is worth a line again.
  void outage_over() { complained_ = false; }

 private:
  void open();
  // Whether there is a spool to write to.
  bool ready();
  void complain(const std::string& problem);

  const std::string path_;
  const std::uint64_t max_bytes_;
  const Log log_;
  std::unique_ptr<Spool> spool_;
  std::size_t damaged_ = 0;
  std::size_t bodies_dropped_ = 0;
  bool complained_ = false;
};

}  // namespace responses_proxy
