#include "telemetry/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/private_folder.h"
#include "storage/record_codec.h"
#include "telemetry/spool_frame.h"

namespace responses_proxy {

namespace {

// So that no other file is ever taken for a spool, and cut.
constexpr std::string_view kHeader = "responses-proxy spool 1\n";
constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{8} << 20;

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

[[noreturn]] void fail(const std::string& path, const std::string& problem) {
  throw SpoolError(fmt::format("{}: {}", path, problem));
}

std::size_t read_at(int file, std::uint64_t offset, char* bytes, std::size_t count) {
  std::size_t got = 0;
  while (got < count) {
    const auto more = ::pread(file, bytes + got, count - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) throw SpoolError(fmt::format("cannot read the spool: {}", reason(errno)));
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  return got;
}

// Finds one frame after the other in a part of a file.
class FrameReader {
 public:
  FrameReader(int file, std::uint64_t from, std::uint64_t to)
      : file_(file), bytes_at_(from), to_(to) {}

  struct Frame {
    std::string_view payload;  // valid until the next call
    std::uint64_t end;         // in the file
    bool damage_before;        // bytes that belong to no frame
  };
  std::optional<Frame> next() {
    bool damage = false;
    for (;;) {
      const bool last = bytes_at_ + bytes_.size() >= to_;
      const SpoolScan scan = scan_spool(std::string_view(bytes_).substr(used_), last);
      damage = damage || scan.begin > 0;
      used_ += scan.begin;
      if (scan.found == SpoolScan::Found::frame) {
        used_ += scan.end - scan.begin;
        return Frame{scan.payload, bytes_at_ + used_, damage};
      }
      if (last) return std::nullopt;
      refill();
    }
  }

 private:
  void refill() {
    bytes_.erase(0, used_);
    bytes_at_ += used_;
    used_ = 0;
    const std::size_t before = bytes_.size();
    const auto wanted = std::min<std::uint64_t>(kReadBytes, to_ - bytes_at_ - before);
    bytes_.resize(before + static_cast<std::size_t>(wanted));
    const auto got = read_at(file_, bytes_at_ + before, bytes_.data() + before,
                             static_cast<std::size_t>(wanted));
    bytes_.resize(before + got);
    if (got < wanted) to_ = bytes_at_ + bytes_.size();
  }

  const int file_;
  std::uint64_t bytes_at_;  // where bytes_ begins in the file
  std::uint64_t to_;
  std::string bytes_;
  std::size_t used_ = 0;
};

}  // namespace

Spool::Spool(const std::string& path, std::uint64_t max_bytes)
    : path_(path), max_bytes_(max_bytes) {
  try {
    open(path);
    recover();
  } catch (const SpoolError&) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

Spool::~Spool() {
  ::close(file_);
}

void Spool::open(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (const std::error_code problem = make_private_folder(folder)) {
    fail(path, "cannot create its folder: " + problem.message());
  }
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (file_ < 0) fail(path, "cannot open it: " + reason(errno));
  struct stat status {};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) fail(path, "is not a file");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    throw SpoolInUse(fmt::format("{}: another process uses it", path));
  }
}

bool Spool::moved() const {
  struct stat at_path {};
  struct stat ours {};
  return ::stat(path_.c_str(), &at_path) != 0 || ::fstat(file_, &ours) != 0 ||
         at_path.st_dev != ours.st_dev || at_path.st_ino != ours.st_ino;
}

void Spool::recover() {
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail(path_, "cannot look at it: " + reason(errno));
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  std::string header(kHeader.size(), '\0');
  header.resize(read_at(file_, 0, header.data(), header.size()));
  if (!kHeader.starts_with(header)) fail(path_, "is not a spool");
  head_ = end_ = kHeader.size();
  FrameReader reader(file_, head_, std::max(head_, file_size));
  while (const auto frame = reader.next()) {
    end_ = frame->end;
    ++frames_;
  }
  cut_ = file_size > end_;
  truncate(frames_ == 0 ? 0 : end_);
}

std::size_t Spool::append(std::span<const RequestRecord> records) {
  problem_.clear();
  std::size_t appended = 0;
  for (const RequestRecord& record : records) {
    if (!write_frame(frame_of(record))) break;
    ++appended;
  }
  return appended;
}

std::string Spool::frame_of(const RequestRecord& record) {
  std::string payload = encode_record(record);
  const bool has_bodies = !record.request_body.empty() || !record.response_body.empty();
  if (has_bodies && (payload.size() > kMaxSpoolPayload || end_ + payload.size() > max_bytes_ / 2)) {
    RequestRecord small = record;
    small.request_body.clear();
    small.response_body.clear();
    payload = encode_record(small);
    ++bodies_dropped_;
  }
  return spool_frame(payload);
}

bool Spool::write_frame(const std::string& frame) {
  if (end_ + frame.size() > max_bytes_) {
    problem_ = "it is full";
    return false;
  }
  const bool first = end_ == kHeader.size();
  const std::string bytes = first ? std::string(kHeader) + frame : frame;
  const std::uint64_t at = first ? 0 : end_;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto more =
        ::pwrite(file_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) {
      problem_ = "cannot write to it: " + reason(errno);
      truncate(at);
      return false;
    }
    done += static_cast<std::size_t>(more);
  }
  end_ = at + bytes.size();
  ++frames_;
  return true;
}

Spool::Batch Spool::read(std::size_t max) {
  Batch batch;
  batch.end = head_;
  FrameReader reader(file_, head_, end_);
  while (batch.records.size() < max && batch.end - head_ < kMaxBatchBytes) {
    const auto frame = reader.next();
    if (!frame) {
      batch.end = end_;
      break;
    }
    batch.end = frame->end;
    ++batch.frames;
    if (frame->damage_before) ++batch.damaged;
    if (auto record = decode_record(frame->payload)) {
      batch.records.push_back(std::move(*record));
    } else {
      ++batch.damaged;
    }
  }
  return batch;
}

void Spool::forget(const Batch& batch) {
  head_ = std::max(head_, batch.end);
  frames_ -= std::min(frames_, batch.frames);
  if (!empty()) return;
  frames_ = 0;
  head_ = end_ = kHeader.size();
  truncate(0);
}

void Spool::truncate(std::uint64_t size) {
  // Where this fails, what stays behind is passed over, or written a second time: both harmless.
  if (::ftruncate(file_, static_cast<off_t>(size)) != 0) problem_ = reason(errno);
}

bool spool_in_use(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  const bool locked = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return locked;
}

}  // namespace responses_proxy
