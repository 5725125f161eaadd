// An event stream, whole and cut in pieces: same bytes out, same events, same facts. What goes out
// is whole events that can be read: reading it again leaves out nothing more.
#include <string>
#include <utility>
#include <vector>

#include "dialects/sse_framer.h"
#include "fuzz_input.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy::fuzz {

namespace {

constexpr std::size_t kMaxEvent = 64;  // small, so that overflowing is tried as well

struct Framed {
  std::string out;
  std::vector<std::pair<std::string, std::string>> events;
  bool operator==(const Framed&) const = default;
};

Framed frame(const std::vector<std::string_view>& pieces) {
  SseFramer framer(kMaxEvent);
  Framed framed;
  for (const std::string_view piece : pieces) {
    framed.out += framer.feed(
        piece, [&](const SseEvent& event) { framed.events.emplace_back(event.name, event.data); });
    require(framer.overflowed() == (framer.rest().size() > kMaxEvent));
  }
  framed.out += framer.rest();
  return framed;
}

struct Read {
  std::string out;
  AnswerFacts facts;
};

Read read(const std::vector<std::string_view>& pieces) {
  testing::StreamReading reader;
  Read result;
  for (const std::string_view piece : pieces) result.out += reader.read(piece);
  result.out += reader.finish();
  result.facts = reader.facts();
  const auto failure = reader.failure(result.out);
  require(failure && failure->ends_with("\n\n") && failure->find("\n\n") == failure->size() - 2);
  return result;
}

bool same(const AnswerFacts& a, const AnswerFacts& b) {
  return a.response_id == b.response_id && a.conversation_id == b.conversation_id &&
         a.error_code == b.error_code && a.usage == b.usage && a.state == b.state &&
         a.complete == b.complete && a.substance == b.substance;
}

}  // namespace

void run(FuzzInput input) {
  const auto [bytes, pieces] = input.cut();

  const Framed framed = frame({bytes});
  require(framed.out == bytes);
  require(frame(pieces) == framed);

  const Read whole = read({bytes});
  const Read cut = read(pieces);
  require(cut.out == whole.out);
  require(same(cut.facts, whole.facts));
  // A byte order mark that was in the middle may have come to the front.
  if (!whole.out.starts_with("\xEF\xBB\xBF")) require(read({whole.out}).out == whole.out);
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
