#include "dialects/anthropic_messages/anthropic_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "core/json_text.h"
#include "dialects/anthropic_messages/anthropic_call_ids.h"
#include "dialects/anthropic_messages/anthropic_media.h"
#include "dialects/anthropic_messages/signed_thoughts.h"
#include "dialects/translation/any_json.h"

namespace responses_proxy {

namespace {

// Where the user would have to speak first or last, and has not.
constexpr std::string_view kGoOn = "Continue.";

// The API refuses a text of blanks.
bool says_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool says_nothing(const Message& message) {
  return std::all_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return !is_media(part) && says_nothing(part.text); });
}

using Spoken = std::variant<const Reasoning*, const Message*, const Call*>;

// All of a turn up to the last thing that is said or called: a turn must not end in thoughts.
std::vector<Spoken> spoken(const AssistantTurn& turn) {
  std::vector<Spoken> all;
  const auto add = [&](const auto& one) {
    std::visit([&](const auto* item) { all.emplace_back(item); }, one);
  };
  std::for_each(turn.words.begin(), turn.words.end(), add);
  std::for_each(turn.calls.begin(), turn.calls.end(), add);
  const auto leads_nowhere = [](const Spoken& one) {
    const auto* message = std::get_if<const Message*>(&one);
    return std::holds_alternative<const Reasoning*>(one) ||
           (message != nullptr && says_nothing(**message));
  };
  while (!all.empty() && leads_nowhere(all.back())) all.pop_back();
  return all;
}

class BlockWriter {
 public:
  BlockWriter(const AnthropicTarget& target, CacheMarks& marks) : target_(target), marks_(marks) {}

  void put_system(std::string_view text, const std::optional<simdjson::dom::element>& json = {}) {
    if (says_nothing(text)) return;
    put_text(system_, text, json);
  }

  std::optional<Error> operator()(const Message* message) {
    const auto& parts = message->parts;
    // Images are the user's: the system has none.
    const bool user =
        message->role == Role::user || std::any_of(parts.begin(), parts.end(), is_media);
    for (const Part& part : parts) {
      if (!user) {
        put_system(part.text, part.json);
      } else if (auto error = put_part("user", part)) {
        return error;
      }
    }
    return std::nullopt;
  }

  // It belongs to no call: the user's words are the only ones left for it.
  std::optional<Error> operator()(const CallOutput* output) {
    put_words("user", fmt::format("Output of tool call {}:", output->call_id));
    for (const Part& part : output->parts) {
      if (auto error = put_part("user", part)) return error;
    }
    return std::nullopt;
  }

  std::optional<Error> operator()(const AssistantTurn& turn) {
    std::vector<std::pair<const Call*, std::string>> calls;
    for (const Spoken& one : spoken(turn)) {
      if (const auto* thought = std::get_if<const Reasoning*>(&one)) {
        put_thought(**thought);
      } else if (const auto* message = std::get_if<const Message*>(&one)) {
        for (const Part& part : (*message)->parts) {
          if (is_media(part)) return refuse_media(part);
          if (auto error = put_part("assistant", part)) return error;
        }
      } else {
        const Call* call = std::get<const Call*>(one);
        calls.emplace_back(call, ids_.next(call->call_id));
        put_call(*call, calls.back().second);
      }
    }
    for (const auto& [call, id] : calls) {
      if (auto error = put_result(*call, id)) return error;
    }
    return std::nullopt;
  }

  AnthropicMessages take() {
    if (role_ != "user") put_words("user", kGoOn);
    close();
    AnthropicMessages written{system_.take(), out_.take()};
    if (marks_.on_blocks()) {
      marks_.insert(written.system, written.system.size());
      marks_.insert(written.messages, last_of_user_);
    }
    return written;
  }

 private:
  static Error refuse_media(const Part& part) {
    return Error::invalid_request("unsupported_content",
                                  "Messages of the assistant hold no images or files for this "
                                  "model's provider.",
                                  part.path.text());
  }

  void close() {
    if (!role_.empty()) out_.end_array().end_object();
  }

  // Blocks of the same role are one message, and the user begins.
  void speak_as(std::string_view role) {
    if (role_ == role) return;
    if (role_.empty() && role == "assistant") put_words("user", kGoOn);
    close();
    role_ = role;
    out_.begin_object().put("role", role).key("content").begin_array();
  }

  void block_ended() {
    if (role_ == "user") last_of_user_ = out_.str().size();
  }

  void put_text(JsonText& out, std::string_view text,
                const std::optional<simdjson::dom::element>& json) {
    out.begin_object().put("type", "text").put("text", text);
    marks_.put_own(out, json);
    out.end_object();
  }

  void put_words(std::string_view role, std::string_view text) {
    speak_as(role);
    put_text(out_, text, {});
    block_ended();
  }

  std::optional<Error> put_part(std::string_view role, const Part& part) {
    if (!is_media(part) && says_nothing(part.text)) return std::nullopt;
    speak_as(role);
    if (auto error = put_block(part)) return error;
    block_ended();
    return std::nullopt;
  }

  std::optional<Error> put_block(const Part& part) {
    if (!is_media(part)) {
      put_text(out_, part.text, part.json);
      return std::nullopt;
    }
    out_.begin_object();
    if (auto error = put_media(out_, part, target_.settings)) return error;
    marks_.put_own(out_, part.json);
    out_.end_object();
    return std::nullopt;
  }

  // Those of another provider, or that somebody has changed, would be refused.
  void put_thought(const Reasoning& reasoning) {
    const auto thought = signed_thought_of(reasoning, target_.origin);
    if (!thought) return;
    speak_as("assistant");
    out_.begin_object().put("type", thought->redacted ? "redacted_thinking" : "thinking");
    if (thought->redacted) {
      out_.put("data", thought->sealed);
    } else {
      out_.put("thinking", reasoning.text).put("signature", thought->sealed);
    }
    out_.end_object();
  }

  void put_call(const Call& call, std::string_view id) {
    speak_as("assistant");
    out_.begin_object().put("type", "tool_use").put("id", id).put("name", call.wire_name);
    out_.put_raw("input", input_of_call(call.arguments)).end_object();
  }

  // What a model has broken off must not break the whole history.
  static std::string input_of_call(std::string_view arguments) {
    if (arguments.empty()) return "{}";
    if (std::string input = object_text(arguments); !input.empty()) return input;
    JsonText wrapped;
    return wrapped.begin_object().put("arguments", arguments).end_object().take();
  }

  std::optional<Error> put_result(const Call& call, std::string_view id) {
    speak_as("user");
    out_.begin_object().put("type", "tool_result").put("tool_use_id", id).key("content");
    out_.begin_array();
    if (call.outputs.empty()) put_text(out_, kAborted, {});
    for (const CallOutput* output : call.outputs) {
      for (const Part& part : output->parts) {
        if (!is_media(part) && says_nothing(part.text)) continue;
        if (auto error = put_block(part)) return error;
      }
    }
    out_.end_array().end_object();
    block_ended();
    return std::nullopt;
  }

  const AnthropicTarget& target_;
  CacheMarks& marks_;
  AnthropicCallIds ids_;
  JsonText system_;
  JsonText out_;
  std::string_view role_;         // of the open message
  std::size_t last_of_user_ = 0;  // where the last block of a user ends
};

// A provider that cannot be held to a format is asked for it.
std::string told_format(const TextFormat& format, const AnthropicSettings& settings) {
  using Kind = TextFormat::Kind;
  if (format.kind == Kind::text) return {};
  if (format.kind == Kind::json_object || !format.schema) {
    return "Answer with one JSON object, and nothing else.";
  }
  if (settings.structured_output) return {};
  return "Answer with JSON that matches this schema, and nothing else:\n" +
         std::string(simdjson::minify(*format.schema));
}

}  // namespace

Result<AnthropicMessages> anthropic_messages(const Conversation& conversation,
                                             const std::vector<ConversationTurn>& turns,
                                             const AnthropicTarget& target, CacheMarks& marks) {
  BlockWriter writer(target, marks);
  writer.put_system(conversation.instructions);
  writer.put_system(told_format(conversation.format, target.settings));
  for (const ConversationTurn& turn : turns) {
    if (auto error = std::visit(writer, turn)) return *error;
  }
  return writer.take();
}

}  // namespace responses_proxy
