// Bytes of a client into the real HttpConnection, whole and cut in pieces: the same requests come
// out, each of them plain; every answer is one whole message; what was refused is the last.
#include <algorithm>
#include <string>
#include <vector>

#include "core/field_syntax.h"
#include "core/request_path.h"
#include "fuzz_input.h"
#include "server/http_syntax.h"
#include "unit/server/connection_rig.h"

namespace responses_proxy::fuzz {

namespace {

using testing::ConnectionRig;

struct Answers {
  std::vector<std::string> statuses;  // "HTTP/1.1 400": what was seen first is in the message
  bool last_of_connection = false;
};

std::size_t field_number(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size() + 4));
}

// Every byte belongs to an answer; interim ones depend on how the bytes came.
Answers take_apart(const std::string& bytes) {
  Answers answers;
  std::size_t at = 0;
  while (at < bytes.size()) {
    require(!answers.last_of_connection);
    require(bytes.compare(at, 9, "HTTP/1.1 ") == 0);
    const auto end = bytes.find("\r\n\r\n", at);
    require(end != std::string::npos);
    const std::string head = bytes.substr(at, end + 2 - at);
    at = end + 4 + field_number(head, "content-length");
    require(at <= bytes.size());
    if (head.starts_with("HTTP/1.1 100 ")) continue;
    require(head.find("\r\ndate: ") != std::string::npos);
    answers.last_of_connection = head.find("\r\nconnection: close\r\n") != std::string::npos;
    answers.statuses.push_back(head.substr(0, 12));
  }
  return answers;
}

void check(const Request& request) {
  require(is_field_name(request.method));
  require(request.path.starts_with('/') && !path_problem(request.path));
  require(request.headers.size() <= RequestHeadReader::kMaxFields);
  std::size_t hosts = 0;
  for (const Header& field : request.headers) {
    const std::string text = std::string(field.name).append(": ").append(field.value);
    const auto line = parse_field_line(text);
    require(line && line->name == field.name && line->value == field.value);
    if (!equals_ignore_case(field.name, "host")) continue;
    ++hosts;
    require(is_host(field.value));
  }
  require(hosts <= 1);
}

struct Outcome {
  std::vector<Request> requests;
  Answers answers;
};

Outcome serve(const std::vector<std::string_view>& pieces) {
  ConnectionRig rig;
  rig.serve_with([](const Request&, const std::shared_ptr<ResponseWriter>& writer) {
    ResponseHead head;
    head.content_length = 2;
    writer->start(std::move(head));
    writer->write("ok");
    writer->finish();
  });
  std::string received;
  for (const std::string_view piece : pieces) {
    rig.send(piece);
    for (std::string more = rig.receive(); !more.empty(); more = rig.receive()) received += more;
  }
  Outcome outcome{rig.requests(), take_apart(received)};
  for (const Request& request : outcome.requests) check(request);
  require(outcome.answers.statuses.size() >= outcome.requests.size());
  rig.hang_up();
  require(!rig.open());
  return outcome;
}

bool same(const Request& a, const Request& b) {
  const auto equal = [](const Header& x, const Header& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.method == b.method && a.path == b.path && a.query == b.query && a.body == b.body &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(), equal);
}

}  // namespace

void run(FuzzInput input) {
  const auto [bytes, pieces] = input.cut();

  const Outcome whole = serve({bytes});
  const Outcome cut = serve(pieces);
  require(std::equal(whole.requests.begin(), whole.requests.end(), cut.requests.begin(),
                     cut.requests.end(), same));
  require(whole.answers.statuses == cut.answers.statuses);
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
