#include "telemetry/spool.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fakes/temp_folder.h"
#include "telemetry/spool_frame.h"
#include "unit/telemetry/file_limit.h"
#include "unit/telemetry/sink_fakes.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kRoomy = 1U << 20;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::vector<RequestRecord> records(int from, int to) {
  std::vector<RequestRecord> all;
  for (int i = from; i < to; ++i) all.push_back(numbered(i));
  return all;
}

std::vector<std::string> ids_of(const std::vector<RequestRecord>& of) {
  std::vector<std::string> ids;
  for (const auto& record : of) ids.push_back(record.request_id);
  return ids;
}

struct SpoolFixture {
  // What a spool at `path` opens with, and reads.
  Spool::Batch reread() {
    Spool spool(path, kRoomy);
    return spool.read(1000);
  }
  void fill(int from, int to) {
    Spool spool(path, kRoomy);
    CHECK(spool.append(records(from, to)) == static_cast<std::size_t>(to - from));
  }

  TempFolder folder;
  const std::string path = (folder.path() / "deep" / "spool").string();
};

}  // namespace

TEST_CASE_FIXTURE(SpoolFixture, "records come back in order, whole, and until they are forgotten") {
  Spool spool(path, kRoomy);
  CHECK(spool.empty());
  CHECK(spool.read(10).records.empty());
  std::vector<RequestRecord> all = records(0, 20);
  all[3] = failed_record("3", at_second(3));
  CHECK(spool.append(std::span(all).first(12)) == 12);
  CHECK(spool.append(std::span(all).subspan(12)) == 8);
  CHECK(spool.size() == 20);

  const Spool::Batch first = spool.read(15);
  CHECK(first.records == std::vector(all.begin(), all.begin() + 15));
  CHECK(spool.read(15).records == first.records);
  spool.forget(first);
  CHECK(spool.size() == 5);
  CHECK(spool.append(records(20, 22)) == 2);
  const Spool::Batch rest = spool.read(100);
  CHECK(ids_of(rest.records) == names(15, 22));
  CHECK(rest.damaged == 0);
  spool.forget(rest);
  CHECK(spool.empty());
  CHECK(fs::file_size(path) == 0);
  CHECK(spool.append(records(0, 1)) == 1);
  CHECK(spool.read(2).records == records(0, 1));
}

TEST_CASE_FIXTURE(SpoolFixture, "bodies fill half of the file at most, then records come without") {
  Spool spool(path, 100'000);
  std::vector<RequestRecord> large = records(0, 10);
  for (RequestRecord& record : large) record.request_body.assign(10'000, 'x');
  CHECK(spool.append(large) == 10);
  const auto read = spool.read(100).records;
  REQUIRE(read.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK((read[i] == (i < 4 ? large[i] : without_bodies(large[i]))));
  }
  CHECK(spool.bodies_dropped() == 6);
}

TEST_CASE_FIXTURE(SpoolFixture,
                  "a body too large for a frame is left out, its record is found again") {
  Spool spool(path, 100U << 20);
  std::vector<RequestRecord> all = records(0, 2);
  all[0].response_body.assign(kMaxSpoolPayload, 'x');
  CHECK(spool.append(all) == 2);
  CHECK(spool.read(100).records == std::vector{without_bodies(all[0]), all[1]});
  CHECK(spool.bodies_dropped() == 1);
}

TEST_CASE_FIXTURE(SpoolFixture, "the next process finds all that was not wholly read") {
  {
    Spool spool(path, kRoomy);
    CHECK(spool.append(records(0, 10)) == 10);
    spool.forget(spool.read(4));
  }
  Spool spool(path, kRoomy);
  CHECK(spool.size() == 10);  // those forgotten are told again: the database knows them
  CHECK_FALSE(spool.cut());
  CHECK(ids_of(spool.read(100).records) == names(0, 10));
}

TEST_CASE_FIXTURE(SpoolFixture, "a last record torn at any byte is cut off, the others stay") {
  fill(0, 2);
  const std::string before = content(path);
  fill(2, 3);
  const std::string whole = content(path);
  REQUIRE(whole.size() > before.size() + 100);
  for (std::size_t size = before.size(); size < whole.size(); ++size) {
    CAPTURE(size);
    replace(path, std::string_view(whole).substr(0, size));
    {
      Spool spool(path, kRoomy);
      REQUIRE(spool.size() == 2);
      REQUIRE(spool.cut() == (size > before.size()));
      REQUIRE(fs::file_size(path) == before.size());
      REQUIRE(spool.append(records(7, 8)) == 1);
    }
    REQUIRE(ids_of(reread().records) == std::vector<std::string>{"0", "1", "7"});
  }
}

TEST_CASE_FIXTURE(SpoolFixture, "a file torn before its first record is an empty spool") {
  fill(0, 1);
  const std::string whole = content(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    replace(path, std::string_view(whole).substr(0, size));
    Spool spool(path, kRoomy);
    REQUIRE(spool.empty());
    REQUIRE(fs::file_size(path) == 0);
    REQUIRE(spool.append(records(7, 8)) == 1);
    REQUIRE(ids_of(spool.read(9).records) == names(7, 8));
  }
}

TEST_CASE_FIXTURE(SpoolFixture, "a damaged record in the middle costs itself only") {
  fill(0, 1);
  const std::size_t begin = content(path).size();
  fill(1, 2);
  const std::size_t end = content(path).size();
  fill(2, 4);
  const std::string whole = content(path);
  for (std::size_t at = begin; at < end; ++at) {
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    replace(path, damaged);
    Spool spool(path, kRoomy);
    REQUIRE(spool.size() == 3);
    REQUIRE_FALSE(spool.cut());
    const Spool::Batch batch = spool.read(100);
    REQUIRE(ids_of(batch.records) == std::vector<std::string>{"0", "2", "3"});
    REQUIRE(batch.damaged == 1);
    spool.forget(batch);
    REQUIRE(spool.empty());
  }
}

TEST_CASE_FIXTURE(SpoolFixture,
                  "bytes that go missing in the middle cost the records they were in") {
  fill(0, 5);
  std::string bytes = content(path);
  bytes.erase(bytes.size() / 2, 100);
  replace(path, bytes);
  const Spool::Batch batch = reread();
  CHECK(batch.damaged == 1);
  CHECK(batch.records.size() >= 2);
  CHECK(batch.records.front().request_id == "0");
  CHECK(batch.records.back().request_id == "4");
}

TEST_CASE_FIXTURE(SpoolFixture, "records larger than the read buffer, and many of them") {
  Spool spool(path, std::uint64_t{64} << 20);
  RequestRecord large = numbered(1);
  large.attempts.assign(2'000, failed_record("x", at_second(0)).attempts.back());
  for (auto& attempt : large.attempts) attempt.error.assign(512, '\x01');
  const std::vector<RequestRecord> one{large};
  for (int i = 0; i < 10; ++i) REQUIRE(spool.append(one) == 1);
  const Spool::Batch batch = spool.read(1000);
  CHECK(batch.records.size() < 10);  // bounded in bytes, too
  CHECK(batch.records.front() == large);
  std::size_t found = 0;
  while (!spool.empty()) {
    const Spool::Batch next = spool.read(1000);
    REQUIRE_FALSE(next.records.empty());
    found += next.records.size();
    spool.forget(next);
  }
  CHECK(found == 10);
}

TEST_CASE_FIXTURE(SpoolFixture, "the file never grows beyond its bound") {
  constexpr std::uint64_t kSmall = 2'500;
  Spool spool(path, kSmall);
  const std::size_t kept = spool.append(records(0, 100));
  CHECK(kept > 2);
  CHECK(kept < 10);
  CHECK(spool.problem() == "it is full");
  CHECK(spool.append(records(100, 101)) == 0);
  CHECK(fs::file_size(path) <= kSmall);
  const Spool::Batch batch = spool.read(100);
  CHECK(ids_of(batch.records) == names(0, static_cast<int>(kept)));
  spool.forget(batch);
  CHECK(spool.append(records(100, 101)) == 1);
}

TEST_CASE_FIXTURE(SpoolFixture, "a write that the disk cuts short leaves no half record") {
  Spool spool(path, kRoomy);
  CHECK(spool.append(records(0, 3)) == 3);
  const auto size = fs::file_size(path);
  {
    const FileLimit limit(size + 200);
    CHECK(spool.append(records(3, 5)) == 0);
    CHECK(spool.problem().starts_with("cannot write to it: "));
  }
  CHECK(fs::file_size(path) == size);
  CHECK(spool.append(records(5, 7)) == 2);
  CHECK(ids_of(spool.read(100).records) == std::vector<std::string>{"0", "1", "2", "5", "6"});
}

TEST_CASE_FIXTURE(SpoolFixture, "one spool per file, readable by its owner only") {
  {
    Spool spool(path, kRoomy);
    CHECK_THROWS_WITH_AS(Spool(path, kRoomy), doctest::Contains("another process uses it"),
                         SpoolInUse);
    CHECK(spool_in_use(path));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
    REQUIRE(::stat((folder.path() / "deep").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0700);
    CHECK_FALSE(spool.moved());
    fs::rename(path, path + ".away");
    CHECK(spool.moved());
    replace(path, "");
    CHECK(spool.moved());
  }
  fs::rename(path + ".away", path);
  CHECK_FALSE(spool_in_use(path));
  Spool again(path, kRoomy);
  CHECK(again.empty());
}

TEST_CASE_FIXTURE(SpoolFixture, "words of a newer version come back as they were") {
  RequestRecord record = numbered(1);
  record.blame = Word<Blame>("weather");
  record.attempts.resize(1);
  record.attempts[0].reason = Word<SelectionReason>("round_robin");
  record.attempts[0].blame = Word<Blame>("network");
  Spool(path, kRoomy).append(std::span(&record, 1));
  const Spool::Batch batch = reread();
  CHECK(batch.damaged == 0);
  REQUIRE(batch.records.size() == 1);
  CHECK(batch.records[0].blame.text() == "weather");
  CHECK(batch.records[0].attempts.at(0).reason.text() == "round_robin");
  CHECK(batch.records[0].attempts.at(0).blame.text() == "network");
}

TEST_CASE_FIXTURE(SpoolFixture, "what is not a spool is left alone") {
  const std::string other = (folder.path() / "other").string();
  replace(other, "SQLite format 3 or anything else");
  CHECK_THROWS_WITH_AS(Spool(other, kRoomy), doctest::Contains("is not a spool"), SpoolError);
  CHECK(content(other) == "SQLite format 3 or anything else");
  CHECK_THROWS_AS(Spool(folder.path().string(), kRoomy), SpoolError);
  CHECK_THROWS_AS(Spool("/dev/full", kRoomy), SpoolError);
  CHECK_THROWS_AS(Spool(other + "/below/a/file", kRoomy), SpoolError);
}
