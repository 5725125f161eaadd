// A spool file of any bytes: it opens, and gives out what its scanner finds; what is appended then
// is read back behind it.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fuzz_input.h"
#include "storage/record_codec.h"
#include "telemetry/spool.h"
#include "telemetry/spool_frame.h"

namespace responses_proxy::fuzz {

namespace {

constexpr std::string_view kHeader = "responses-proxy spool 1\n";

// A file in memory, reached by a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("spool", MFD_CLOEXEC)) {
    require(file_ >= 0);
    const auto written = ::write(file_, bytes.data(), bytes.size());
    require(written == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

// Repairs the CRCs of pieces that look like frames, so that payloads are tried as well.
std::string framed(FuzzInput& input) {
  std::string bytes;
  while (!input.empty()) {
    const std::uint8_t kind = input.byte();
    const std::string_view piece = input.text(std::size_t{input.byte()} * 4);
    bytes += kind % 2 == 0 ? spool_frame(piece) : std::string(piece);
  }
  return bytes;
}

std::size_t frames_in(std::string_view bytes) {
  std::size_t count = 0;
  for (;;) {
    const SpoolScan scan = scan_spool(bytes, true);
    if (scan.found != SpoolScan::Found::frame) return count;
    ++count;
    bytes.remove_prefix(scan.end);
  }
}

std::vector<RequestRecord> read_all(Spool& spool, std::size_t max) {
  std::vector<RequestRecord> records;
  while (!spool.empty()) {
    Spool::Batch batch = spool.read(max);
    require(batch.end > 0 && batch.records.size() <= batch.frames);
    for (auto& record : batch.records) records.push_back(std::move(record));
    spool.forget(batch);
  }
  return records;
}

}  // namespace

void run(FuzzInput input) {
  const std::size_t max = 1 + input.byte() % 8U;
  const std::string bytes = framed(input);
  const MemoryFile file(std::string(kHeader) + bytes);
  RequestRecord added;
  added.request_id = "added";
  added.attempts.emplace_back();
  std::size_t found = 0;
  {
    Spool spool(file.path(), std::uint64_t{1} << 24);
    found = spool.size();
    require(found == frames_in(bytes));
    require(spool.append(std::vector{added}) == 1);
    require(spool.size() == found + 1);
  }
  Spool spool(file.path(), std::uint64_t{1} << 24);
  require(spool.size() == found + 1 && !spool.cut());
  const std::vector<RequestRecord> records = read_all(spool, max);
  require(!records.empty() && records.back() == added);
  for (const RequestRecord& record : records) {
    require(decode_record(encode_record(record)).has_value());
  }
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
