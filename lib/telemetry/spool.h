// Spool: a bounded file of records that wait for the database.
//
// Role       Appended to at its end, read from its front; emptied when all of it was read and
//            forgotten. What a killed process left is found again: an unfinished record at the end
//            is cut off, damaged ones are passed over and counted.
// Threads    One at a time.
// Ownership  Holds a lock on the file: one spool per file at any time, whatever the process.
// Errors     The constructor throws SpoolInUse when the file is another process's, SpoolError when
//            it is no spool or cannot be opened. append()
//            says how much of it worked; read() throws SpoolError.
// Blocking   Every call does file I/O, without waiting for the disk: the file survives the end of
//            the process, not always that of the machine.
// Limits     The file has at most `max_bytes`; its mode is 0600. Bodies take at most half of it:
//            beyond that, and where they make a record too large for a frame, it is kept without.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

class SpoolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SpoolInUse final : public SpoolError {
 public:
  using SpoolError::SpoolError;
};

class Spool {
 public:
  // Creates the file and its folder where needed.
  Spool(const std::string& path, std::uint64_t max_bytes);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // In order; returns how many of the first records are in the file now. problem() says why not
  // all of them.
  std::size_t append(std::span<const RequestRecord> records);
  const std::string& problem() const { return problem_; }
  // Records that were appended without their bodies.
  std::size_t bodies_dropped() const { return bodies_dropped_; }

  struct Batch {
    std::vector<RequestRecord> records;
    std::size_t frames = 0;   // records, and those that cannot be read as one
    std::size_t damaged = 0;  // those, and stretches of the file without any
    std::uint64_t end = 0;    // in the file
  };
  // The oldest records, up to `max` and some megabytes; the same ones until they are forgotten.
  Batch read(std::size_t max);
  void forget(const Batch& batch);

  std::size_t size() const { return frames_; }
  std::uint64_t end() const { return end_; }
  bool empty() const { return head_ == end_; }
  // The path names another file by now, or none.
  bool moved() const;
  // The file ended in something that is no record, and was cut.
  bool cut() const { return cut_; }

 private:
  void open(const std::string& path);
  // Finds frames_ and end_.
  void recover();
  std::string frame_of(const RequestRecord& record);
  bool write_frame(const std::string& frame);
  void truncate(std::uint64_t size);

  const std::string path_;
  const std::uint64_t max_bytes_;
  int file_ = -1;
  std::uint64_t head_ = 0;  // everything before it is forgotten
  std::uint64_t end_ = 0;   // of the last frame
  std::size_t frames_ = 0;  // between head_ and end_
  bool cut_ = false;
  std::size_t bodies_dropped_ = 0;
  std::string problem_;
};

// Whether a server that is running has the spool of that path.
bool spool_in_use(const std::string& path);

}  // namespace responses_proxy
