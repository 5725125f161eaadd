#include "conversations/sql_conversations.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conversations/sql_kept_responses.h"
#include "fakes/counting_database.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_timers.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/random.h"

namespace responses_proxy {

namespace {

using Pointer = std::shared_ptr<const History>;

constexpr Millis kTtl{60'000};

std::string own_id(int number) {
  std::string id = std::to_string(number);
  return "resp_" + std::string(32 - id.size(), '0') + id;
}

// Replicas over one database, asked from a thread that is no loop's: each call has its answer when
// it returns.
struct Replicas {
  std::unique_ptr<SqlConversations> replica() {
    return std::make_unique<SqlConversations>(*database, random, clock, loops, kTtl);
  }
  static Pointer find(Conversations& at, const std::string& id) {
    Pointer history;
    at.find({id, "alice"}, [&](auto found) {
      REQUIRE(found);
      history = *found;
    });
    return history;
  }
  // The turn `number` of a conversation, after the one before it.
  static void turn(Conversations& at, int number) {
    const Pointer before = number == 0 ? nullptr : find(at, own_id(number - 1));
    CHECK((before != nullptr) == (number > 0));
    at.keep("alice",
            std::make_shared<const History>(
                StoredTurn{own_id(number), number == 0 ? "" : own_id(number - 1),
                           std::string(100, '1'), std::string(50, '2')},
                before),
            {});
  }
  std::int64_t rows(const std::string& table) {
    return database->read([&](SqlConnection& connection) {
      std::int64_t count = -1;
      connection.query("SELECT COUNT(*) FROM " + table, {},
                       [&count](const SqlRow& row) { count = row.integer(0); });
      return count;
    });
  }

  testing::TempFolder folder;
  testing::ManualClock clock;
  SeededRandom random{1};
  EventLoops loops{1};
  testing::SqlCounts counts;
  std::unique_ptr<Database> database =
      testing::counting_database((folder.path() / "db").string(), counts);
};

struct Work {
  std::size_t statements;
  std::size_t rows_read;
  std::size_t rows_written;
  std::size_t bytes_written;
  bool operator==(const Work&) const = default;
};

Work work_of(const testing::SqlCounts& counts) {
  return {counts.statements, counts.rows_read, counts.rows_written, counts.bytes_written};
}

Work operator-(const Work& left, const Work& right) {
  return {left.statements - right.statements, left.rows_read - right.rows_read,
          left.rows_written - right.rows_written, left.bytes_written - right.bytes_written};
}

}  // namespace

TEST_CASE(
    "the thousandth turn of a conversation costs what the twelfth did, on one replica or two") {
  constexpr int kTurns = 1000;
  for (const std::size_t replicas : {1U, 2U}) {
    CAPTURE(replicas);
    Replicas all;
    std::vector<std::unique_ptr<SqlConversations>> at;
    for (std::size_t i = 0; i < replicas; ++i) at.push_back(all.replica());
    std::vector<Work> per_turn;
    for (int i = 0; i < kTurns; ++i) {
      const Work before = work_of(all.counts);
      Replicas::turn(*at[static_cast<std::size_t>(i) % replicas], i);
      per_turn.push_back(work_of(all.counts) - before);
    }
    // The replica that has not made the turn before reads a first piece of eight turns.
    constexpr std::size_t kUsual = 12;
    for (std::size_t i = kUsual; i < per_turn.size(); ++i) REQUIRE(per_turn[i] == per_turn[kUsual]);
    CHECK(per_turn[kUsual].rows_written == 2);
    CHECK(per_turn[kUsual].rows_read == (replicas == 1 ? 1 : 11));
    CHECK(per_turn[kUsual].bytes_written < 300);
    CHECK(all.rows("response_turns") == kTurns);
    CHECK(all.rows("conversations") == 1);
  }
}

TEST_CASE("a replica that knows nothing of it reads a conversation once, in few pieces") {
  Replicas all;
  const auto maker = all.replica();
  for (int i = 0; i < 1000; ++i) Replicas::turn(*maker, i);
  const auto other = all.replica();
  const Work before = work_of(all.counts);
  const Pointer history = Replicas::find(*other, own_id(999));
  const Work work = work_of(all.counts) - before;
  REQUIRE(history);
  CHECK(history->turns() == 1000);
  CHECK(history->bytes() == 150'000);
  CHECK(work.rows_read == 1002);
  CHECK(work.statements < 12);
}

TEST_CASE("what nobody has used for the time to live is deleted, whole conversations at a time") {
  Replicas all;
  const auto replica = all.replica();
  for (int i = 0; i < 5; ++i) Replicas::turn(*replica, i);
  CHECK(all.rows("response_turns") == 5);
  all.clock.advance(kTtl + Millis(1));
  const auto other = all.replica();
  CHECK_FALSE(Replicas::find(*other, own_id(4)));
  other->keep("alice",
              std::make_shared<const History>(StoredTurn{own_id(9), "", "1", "2"}, nullptr), {});
  CHECK(all.rows("response_turns") == 1);
  CHECK(all.rows("conversations") == 1);
}

TEST_CASE("so are responses") {
  Replicas all;
  SqlKeptResponses responses(*all.database, all.clock, all.loops, kTtl);
  for (int i = 0; i < 5; ++i) {
    KeptResponse response;
    response.id = own_id(i);
    responses.keep("alice", response, {});
  }
  CHECK(all.rows("kept_responses") == 5);
  all.clock.advance(kTtl + Millis(1));
  KeptResponse response;
  response.id = own_id(9);
  responses.keep("alice", response, {});
  CHECK(all.rows("kept_responses") == 1);
}

TEST_CASE("a database that is late or broken is no reason to say that a response is not known") {
  testing::TempFolder folder;
  testing::ManualClock clock;
  SeededRandom random{1};
  boost::asio::io_context context;
  testing::ManualTimers timers(clock);
  EventLoop loop(context, timers);
  EventLoops loops({&loop});
  testing::SqlCounts counts;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  bool broken = false;
  counts.before_query = [&] {
    if (broken) throw StorageError("the disk is gone");
    released.wait();
  };
  const auto database = testing::counting_database((folder.path() / "db").string(), counts);
  std::optional<Error> error;
  {
    SqlConversations conversations(*database, random, clock, loops, kTtl);
    int answers = 0;
    const auto ask = [&] {
      conversations.find({own_id(1), "alice"}, [&](auto found) {
        ++answers;
        if (!found) error = found.error();
      });
    };
    SUBCASE("late") {
      loop.post([&] {
        ask();
        timers.advance(BlockingCalls::kPatience);
        context.stop();
      });
      context.run();
      REQUIRE(error);
      CHECK(error->message.find("in time") != std::string::npos);
      release.set_value();
      // The answer that comes after all is nobody's.
      context.restart();
      context.run_one();
    }
    SUBCASE("broken") {
      broken = true;
      release.set_value();
      loop.post(ask);
      while (answers == 0) {
        context.restart();
        context.run_one();
      }
      REQUIRE(error);
    }
    CHECK(answers == 1);
  }
  CHECK(error->status == 503);
  CHECK(error->code == "response_store_unavailable");
  CHECK(error->retry_after == BlockingCalls::kRetryAfter);
}

}  // namespace responses_proxy
