#include "dialects/anthropic_messages/anthropic_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "core/json_text.h"
#include "core/sha256.h"
#include "dialects/anthropic_messages/anthropic_schemas.h"
#include "dialects/anthropic_messages/anthropic_thinking.h"
#include "dialects/translation/grouped_turns.h"
#include "dialects/translation/read_tools.h"

namespace responses_proxy {

namespace {

using Mode = ToolChoice::Mode;

constexpr std::size_t kMaxUserId = 256;  // of the API

class RequestWriter {
 public:
  RequestWriter(const Conversation& conversation, const AnthropicTarget& target,
                const AnthropicThinking& thinking, CacheMarks& marks)
      : conversation_(conversation),
        settings_(target.settings),
        thinking_(thinking),
        marks_(marks) {
    out_.begin_object().put("model", target.model);
  }

  // Those that count: all that the endpoint for counting takes.
  void put_counted_options() {
    put_thinking(out_, thinking_, settings_);
    put_output_config();
  }

  void put_options() {
    out_.put_number("max_tokens", thinking_.max_tokens);
    if (conversation_.stream) out_.put_boolean("stream", true);
    put_thinking(out_, thinking_, settings_);
    put_output_config();
    put_sampling();
    put_user();
    if (settings_.body.size() > 2) {
      out_.raw(std::string_view(settings_.body).substr(1, settings_.body.size() - 2));
    }
    if (marks_.at_the_top()) marks_.put(out_);
  }

  void put_tools() {
    const std::vector<const ToolDeclaration*> tools = allowed_tools(conversation_);
    if (tools.empty()) return put_tools_of_history();
    put_choice();
    out_.key("tools").begin_array();
    for (const ToolDeclaration* tool : tools) {
      out_.begin_object().put("name", conversation_.names[tool->name].wire);
      if (!tool->description.empty()) out_.put("description", tool->description);
      out_.put_raw("input_schema", object_schema(tool->parameters));
      marks_.put_own(out_, tool->json);
      if (marks_.on_blocks() && tool == tools.back()) marks_.put(out_);
      out_.end_object();
    }
    out_.end_array();
  }

  AnthropicRequest take(const AnthropicMessages& written) {
    if (!written.system.empty()) out_.key("system").begin_array().raw(written.system).end_array();
    out_.key("messages").begin_array().raw(written.messages).end_array().end_object();
    if (thinking_.refused) adjusted_.emplace_back("thinking: off");
    if (!dropped_.empty()) {
      adjusted_.push_back(fmt::format("dropped: {}", fmt::join(dropped_, ", ")));
    }
    return {out_.take(), fmt::format("{}", fmt::join(adjusted_, "; "))};
  }

 private:
  void put_output_config() {
    const TextFormat& format = conversation_.format;
    const bool held = format.kind == TextFormat::Kind::json_schema && format.schema &&
                      settings_.structured_output;
    if (thinking_.effort.empty() && !held) return;
    out_.key("output_config").begin_object();
    if (!thinking_.effort.empty()) out_.put("effort", thinking_.effort);
    if (held) {
      out_.key("format").begin_object().put("type", "json_schema");
      out_.put_raw("schema", narrowed_schema(*format.schema)).end_object();
    }
    out_.end_object();
  }

  // One of them at most: some models refuse both, and none takes them while it thinks.
  void put_sampling() {
    const bool taken = settings_.sampling && !thinking_.on();
    const std::string& temperature = conversation_.temperature;
    if (!temperature.empty() && taken) put_temperature(temperature);
    if (!temperature.empty() && !taken) dropped_.emplace_back("temperature");
    if (conversation_.top_p.empty()) return;
    if (taken && temperature.empty()) {
      out_.put_raw("top_p", conversation_.top_p);
    } else {
      dropped_.emplace_back("top_p");
    }
  }

  // It ends at 1 here, at 2 in the Responses API.
  void put_temperature(const std::string& text) {
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    out_.put_raw("temperature", number > 1 ? "1" : text);
    if (number > 1) adjusted_.emplace_back("temperature: 1");
  }

  void put_user() {
    const std::string_view id = conversation_.safety_identifier.empty()
                                    ? conversation_.user
                                    : conversation_.safety_identifier;
    if (id.empty()) return;
    out_.key("metadata").begin_object();
    out_.put("user_id", id.size() > kMaxUserId ? sha256_hex(id) : std::string(id)).end_object();
  }

  void put_choice() {
    const ToolChoice& choice = conversation_.tool_choice;
    std::string_view type = "auto";
    if (choice.mode == Mode::none) type = "none";
    if (choice.mode == Mode::tool) type = "tool";
    const bool any_of_them = choice.mode == Mode::allowed && choice.allowed_required;
    if (choice.mode == Mode::required || any_of_them) type = "any";
    if (thinking_.on() && (type == "any" || type == "tool")) {
      type = "auto";  // nothing can be forced on a model that thinks
      adjusted_.emplace_back("tool_choice: auto");
    }
    const bool one_by_one = type != "none" && !conversation_.parallel_tool_calls.value_or(true);
    if (choice.mode == Mode::unset && !one_by_one) return;
    out_.key("tool_choice").begin_object().put("type", type);
    if (type == "tool") out_.put("name", conversation_.names[choice.tool].wire);
    if (one_by_one) out_.put_boolean("disable_parallel_tool_use", true);
    out_.end_object();
  }

  // Calls may only stand where their tools are declared, though nobody may call them any more.
  void put_tools_of_history() {
    std::vector<std::string_view> names;
    std::unordered_set<std::string_view> known;
    for (const Item& item : conversation_.items) {
      const auto* call = std::get_if<Call>(&item);
      if (call != nullptr && known.insert(call->wire_name).second) {
        names.push_back(call->wire_name);
      }
    }
    if (names.empty()) return;
    out_.key("tool_choice").begin_object().put("type", "none").end_object();
    out_.key("tools").begin_array();
    for (const std::string_view name : names) {
      out_.begin_object().put("name", name).put_raw("input_schema", object_schema({})).end_object();
    }
    out_.end_array();
  }

  const Conversation& conversation_;
  const AnthropicSettings& settings_;
  const AnthropicThinking& thinking_;
  CacheMarks& marks_;
  JsonText out_;
  std::vector<std::string> adjusted_;
  std::vector<std::string> dropped_;
};

}  // namespace

namespace {

Result<AnthropicRequest> write(Conversation& conversation, const AnthropicTarget& target,
                               void (RequestWriter::*put_options)()) {
  const std::vector<ConversationTurn> turns = grouped_turns(conversation);
  const AnthropicThinking thinking =
      anthropic_thinking(conversation, target.settings, turns, target.origin);
  CacheMarks marks(conversation, target.settings);
  RequestWriter writer(conversation, target, thinking, marks);
  (writer.*put_options)();
  writer.put_tools();
  const auto written = anthropic_messages(conversation, turns, target, marks);
  if (!written) return written.error();
  AnthropicRequest request = writer.take(*written);
  conversation.effort = thinking.echoed;
  return request;
}

}  // namespace

Result<AnthropicRequest> anthropic_request(Conversation& conversation,
                                           const AnthropicTarget& target) {
  return write(conversation, target, &RequestWriter::put_options);
}

Result<AnthropicRequest> anthropic_count_request(Conversation& conversation,
                                                 const AnthropicTarget& target) {
  return write(conversation, target, &RequestWriter::put_counted_options);
}

}  // namespace responses_proxy
