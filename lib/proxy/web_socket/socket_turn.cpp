#include "proxy/web_socket/socket_turn.h"

#include <fmt/format.h>

#include <utility>

#include "core/json_members.h"
#include "dialects/responses/answer_facts.h"
#include "dialects/responses/encrypted_items.h"
#include "proxy/web_socket/made_up_events.h"
#include "proxy/web_socket/turn_transfer.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxErrorBytes = 256 * 1024;
constexpr std::string_view kEventStream = "text/event-stream";

std::string member_of(std::string_view object, std::string_view key) {
  std::string text(object);
  const auto members = read_members(text);
  return members ? std::string(member(*members, key)) : std::string();
}

// Without the brackets: what stands in the array.
std::string_view elements(std::string_view array) {
  return array.starts_with('[') ? array.substr(1, array.size() - 2) : std::string_view{};
}

}  // namespace

SocketTurn::SocketTurn(SocketContext& context, Lane& lane, ClientMessage message,
                       std::shared_ptr<TurnOwner> owner)
    : context_(context),
      lane_(lane),
      message_(std::move(message)),
      owner_(std::move(owner)),
      framer_(kMaxEventBytes) {
  const std::string& previous = message_.previous_response_id;
  if (previous.empty() || context_.transcripts.is_latest(lane_.name, previous)) return;
  if (const std::string* items = context_.transcripts.find(previous)) forked_from_ = *items;
}

SocketTurn::~SocketTurn() = default;

// ---- on its way up ----

std::optional<std::string> SocketTurn::whole_input() const {
  std::string items;
  if (forked_from_) {
    items = *forked_from_;
  } else if (!message_.previous_response_id.empty()) {
    const std::string* known = context_.transcripts.find(message_.previous_response_id);
    if (known == nullptr) return std::nullopt;
    items = *known;
  }
  append_items(items, input_items(message_));
  return items;
}

bool SocketTurn::movable() const {
  return message_.previous_response_id.empty() || forked_from_ ||
         context_.transcripts.find(message_.previous_response_id) != nullptr;
}

bool SocketTurn::is_warm_up() const {
  return !message_.generate;
}

std::optional<Error> SocketTurn::prepare(const Resource& resource, Request& request) {
  resource_id_ = resource.id;
  request.headers = context_.headers;
  const bool by_socket = context_.sockets != nullptr && resource.websocket &&
                         resource.wire_api == "responses" &&
                         !context_.dependencies.state.resource(resource.id)->websocket_refused();
  if (!by_socket) {
    transport_ = is_warm_up() ? Transport::none : Transport::http;
    if (transport_ == Transport::none) return std::nullopt;
    auto body = http_message();
    if (!body) return body.error();
    request.body = std::move(*body);
    add_http_headers(request.headers);
  } else {
    transport_ = Transport::socket;
    if (!upstream_usable()) lane_.upstream.reset();
    request.body = socket_message();
  }
  request_bytes_ = request.body.size();
  return std::nullopt;
}

std::size_t SocketTurn::held_bytes() const {
  return message_.text().size() + (forked_from_ ? forked_from_->size() : 0) + request_bytes_ +
         framer_.rest().size() + output_items_.size();
}

bool SocketTurn::upstream_usable() const {
  return lane_.upstream && lane_.upstream->alive() &&
         lane_.upstream->resource_id() == resource_id_ &&
         context_.dependencies.clock.steady() - lane_.upstream->opened_at() <
             TurnTransfer::kMaxUpstreamAge;
}

std::string SocketTurn::socket_message() const {
  const std::string& previous = message_.previous_response_id;
  if (previous.empty() ||
      (lane_.upstream != nullptr && lane_.upstream->latest_response() == previous)) {
    return message_.text();
  }
  const auto items = whole_input();
  return items ? with_full_input(message_, *items) : message_.text();
}

Result<std::string> SocketTurn::http_message() const {
  if (message_.previous_response_id.empty()) return http_body(message_, std::nullopt);
  if (auto items = whole_input()) return http_body(message_, items);
  // A stored response is known behind HTTP as well.
  if (message_.store) return http_body(message_, std::nullopt);
  return Error::invalid_request(
      "previous_response_not_found",
      fmt::format("Previous response with id '{}' not found.", message_.previous_response_id),
      "previous_response_id");
}

void SocketTurn::add_http_headers(Headers& headers) const {
  for (const Header& field : message_.carried_headers) headers.set(field.name, field.value);
  headers.set("content-type", "application/json");
  headers.set("accept", kEventStream.data());
  headers.erase("content-encoding");  // the body is our own
}

bool SocketTurn::drop_encrypted_items() {
  const auto items = whole_input();
  if (!items) return false;
  auto text = without_encrypted_items(with_full_input(message_, *items));
  if (!text) return false;
  auto message = read_client_message(std::move(*text));
  if (!message) return false;
  message_ = std::move(*message);
  forked_from_.reset();
  return true;
}

std::unique_ptr<UpstreamTransfer> SocketTurn::start(UpstreamRequest request,
                                                    UpstreamHandler& handler) {
  auto transfer = std::make_unique<TurnTransfer>(*this, std::move(request), handler);
  transfer_ = transfer.get();
  transfer->start(transport_);
  return transfer;
}

void SocketTurn::connect(const UpstreamRequest& request) {
  UpstreamSocketRequest handshake;
  handshake.url = request.url;
  handshake.headers = request.headers;
  handshake.connect_timeout = request.timeouts.connect;
  lane_.upstream = std::make_unique<LaneUpstream>(
      *context_.sockets, std::move(handshake), resource_id_, context_.dependencies.clock.steady(),
      [owner = std::weak_ptr<TurnOwner>(owner_), &lane = lane_](std::string_view event) {
        if (const auto alive = owner.lock()) alive->on_unclaimed(lane, event);
      });
}

void SocketTurn::remember_refusal() {
  context_.dependencies.state.resource(resource_id_)->set_websocket_refused();
}

std::string SocketTurn::new_response_id() const {
  Random& random = context_.dependencies.random;
  return fmt::format("resp_{:016x}{:016x}", random.next(), random.next());
}

std::string SocketTurn::warm_up() const {
  return warm_up_stream(message_, new_response_id(), context_.dependencies.clock.wall());
}

std::string SocketTurn::interrupted() const {
  const bool begun = !response_id_.empty();
  return interrupted_stream(begun ? response_id_ : new_response_id(), begun ? next_number_ : 0,
                            context_.dependencies.clock.wall());
}

void SocketTurn::interrupt() {
  if (transfer_ != nullptr) transfer_->interrupt();
}

// ---- on its way back ----

void SocketTurn::start(ResponseHead head) {
  request_bytes_ = 0;
  head_ = std::move(head);
  streaming_ = head_.status < 300 &&
               equals_ignore_case(head_.headers.get("content-type").substr(0, kEventStream.size()),
                                  kEventStream);
  if (!streaming_) return;
  const std::string metadata = metadata_message(head_.headers);
  if (!metadata.empty()) owner_->send(lane_, metadata);
}

bool SocketTurn::write(std::string_view bytes) {
  if (!streaming_) {
    error_body_.append(
        bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_body_.size())));
    return true;
  }
  if (too_long_) return true;
  told_to_wait_ = false;
  framer_.feed(bytes, [this](const SseEvent& event) { on_event(event.data); });
  too_long_ = framer_.overflowed();
  return !told_to_wait_;
}

// What is no JSON is no message of this socket; finish() sees to it that the answer has an end.
void SocketTurn::on_event(std::string_view data) {
  if (data.empty() || data == "[DONE]") return;
  const auto head = read_event_head(data);
  if (!head) return;
  // What would be the next turn's to its client.
  if (end_sent_ && (head->type.starts_with("response.") || head->type == "error")) return;
  learn(*head, data);
  if (!owner_->send(lane_, data)) told_to_wait_ = true;
}

void SocketTurn::learn(const EventHead& head, std::string_view data) {
  end_sent_ = end_sent_ || (state_after(head.type) != AnswerState::open && !head.steered());
  if (head.type.starts_with("response.")) {
    next_number_ = head.sequence_number.value_or(next_number_) + 1;
  }
  if (head.type == "response.created") {
    response_id_ = string_content(member_of(member_of(data, "response"), "id"));
  } else if (head.type == "response.output_item.done") {
    add_output(member_of(data, "item"));
  } else if (head.steered()) {
    conversation_lost_ = true;
  } else if (head.type == "response.completed" || head.type == "response.incomplete") {
    remember_response(member_of(data, "response"));
  }
}

void SocketTurn::add_output(std::string_view item) {
  if (output_items_.size() + item.size() > context_.config.websocket_state_bytes) {
    conversation_lost_ = true;
    output_items_ = {};
  }
  if (!conversation_lost_) append_items(output_items_, item);
}

// Before the client can see the end: its next message may follow at once.
void SocketTurn::remember_response(std::string_view response) {
  const std::string id = string_content(member_of(response, "id"));
  if (id.empty()) return;
  if (transport_ == Transport::socket && lane_.upstream) lane_.upstream->set_latest_response(id);
  if (output_items_.empty() && !conversation_lost_) {
    output_items_ = elements(member_of(response, "output"));
  }
  keep_conversation(id);
}

void SocketTurn::keep_conversation(const std::string& response_id) {
  std::string items = input_items(message_);
  append_items(items, output_items_);
  Transcripts& transcripts = context_.transcripts;
  if (conversation_lost_) {
    transcripts.forget(lane_.name);
  } else if (message_.previous_response_id.empty()) {
    transcripts.start(lane_.name, response_id, std::move(items));
  } else if (forked_from_) {
    std::string whole = std::move(*forked_from_);
    append_items(whole, items);
    transcripts.start(lane_.name, response_id, std::move(whole));
  } else if (transcripts.is_latest(lane_.name, message_.previous_response_id)) {
    transcripts.extend(lane_.name, response_id, items);
  } else {
    transcripts.forget(lane_.name);
  }
}

void SocketTurn::finish() {
  if (streaming_) {
    if (!end_sent_) {
      owner_->send(lane_, failed_message(response_id_, context_.dependencies.clock.wall()));
    }
    end();
    return;
  }
  if (head_.status < 300) {
    head_.status = 502;
    error_body_ = Error::unavailable(502, "upstream_protocol",
                                     "The upstream answered a streamed request without a stream.")
                      .to_json();
  }
  owner_->send(lane_, error_message(head_.status, head_.headers, error_body_, lane_.name));
  // A continuation that failed takes what it continued with it, as upstream.
  if (context_.transcripts.is_latest(lane_.name, message_.previous_response_id)) {
    context_.transcripts.forget(lane_.name);
  }
  end();
}

void SocketTurn::abort() {
  streaming_ = false;
  head_.status = 502;
  error_body_ =
      Error::unavailable(502, "upstream_truncated", "The upstream's answer broke off.").to_json();
  finish();
}

void SocketTurn::end() {
  observer_ = nullptr;
  owner_->on_turn_ended(lane_);
}

void SocketTurn::on_writable() {
  if (std::exchange(told_to_wait_, false) && observer_ != nullptr) observer_->on_writable();
}

void SocketTurn::on_client_gone() {
  if (ResponseObserver* observer = std::exchange(observer_, nullptr)) observer->on_closed();
}

}  // namespace responses_proxy
