#include "dialects/chat_completions/chat_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "dialects/translation/any_json.h"
#include "dialects/translation/grouped_turns.h"
#include "dialects/translation/portable_reasoning.h"

namespace responses_proxy {

namespace {

using PartKind = Part::Kind;

bool is_media(const Part& part) {
  return part.kind == PartKind::image || part.kind == PartKind::file;
}

// Parts of one message, as one text.
void add_texts(std::string& text, const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    if (is_media(part) || part.text.empty()) continue;
    if (!text.empty()) text += '\n';
    text.append(part.text);
  }
}

Error refuse(const Part& part, std::string_view why) {
  return Error::invalid_request("unsupported_content", std::string(why), part.path.text());
}

// What an assistant has thought, for its provider.
struct Thoughts {
  std::string text;
  std::string details;  // elements of an array, as this provider has made them
};

class MessageWriter {
 public:
  MessageWriter(JsonText& out, const Conversation& conversation, const ChatTarget& target)
      : out_(out), conversation_(conversation), target_(target) {}

  void put_instructions() {
    if (!conversation_.instructions.empty()) put_text("system", conversation_.instructions);
    const TextFormat& format = conversation_.format;
    const bool told = format.kind == TextFormat::Kind::json_schema && format.schema &&
                      target_.settings.structured_output != "json_schema";
    if (!told) return;
    put_text("system", "Answer with JSON that matches this schema, and nothing else:\n" +
                           std::string(simdjson::minify(*format.schema)));
  }

  std::optional<Error> operator()(const Message* message) {
    const bool developer = message->role == Role::developer && target_.settings.developer_role;
    const std::string_view role = message->role == Role::user ? "user"
                                  : developer                 ? "developer"
                                                              : "system";
    const auto& parts = message->parts;
    if (std::none_of(parts.begin(), parts.end(), is_media)) {
      std::string text;
      add_texts(text, parts);
      put_text(role, text);
      return std::nullopt;
    }
    // Images are the user's: no other message may have some.
    out_.begin_object().put("role", "user").key("content").begin_array();
    for (const Part& part : parts) {
      if (auto error = put_part(part)) return error;
    }
    out_.end_array().end_object();
    return std::nullopt;
  }

  // It belongs to no call: the user's words are the only ones left for it.
  std::optional<Error> operator()(const CallOutput* output) {
    std::string text = fmt::format("Output of tool call {}:", output->call_id);
    add_texts(text, output->parts);
    put_text("user", text);
    return put_media({output});
  }

  std::optional<Error> operator()(const AssistantTurn& turn) {
    std::string text;
    Thoughts thoughts;
    std::vector<const Call*> calls;
    for (const auto& word : turn.words) {
      if (const auto* message = std::get_if<const Message*>(&word)) {
        add_texts(text, (*message)->parts);
      } else {
        add(*std::get<const Reasoning*>(word), thoughts);
      }
    }
    for (const auto& one : turn.calls) {
      if (const auto* call = std::get_if<const Call*>(&one)) {
        calls.push_back(*call);
      } else {
        add(*std::get<const Reasoning*>(one), thoughts);
      }
    }
    if (text.empty() && calls.empty()) return std::nullopt;  // thoughts that led nowhere
    put_assistant(text, thoughts, calls);
    return put_outputs(calls);
  }

 private:
  void put_text(std::string_view role, std::string_view text) {
    out_.begin_object().put("role", role).put("content", text).end_object();
  }

  std::optional<Error> put_part(const Part& part) {
    if (!is_media(part)) {
      out_.begin_object().put("type", "text").put("text", part.text).end_object();
      return std::nullopt;
    }
    return part.kind == PartKind::image ? put_image(part) : put_file(part);
  }

  std::optional<Error> put_image(const Part& part) {
    if (!target_.settings.images) return refuse(part, "This model takes no images.");
    if (part.url.empty()) {
      return refuse(part, "This model's provider takes images by URL or as data, not by file id.");
    }
    out_.begin_object().put("type", "image_url").key("image_url").begin_object();
    out_.put("url", part.url);
    if (part.detail == "original") {
      out_.put("detail", "high");
    } else if (!part.detail.empty()) {
      out_.put("detail", part.detail);
    }
    out_.end_object().end_object();
    return std::nullopt;
  }

  std::optional<Error> put_file(const Part& part) {
    if (!target_.settings.files) return refuse(part, "This model's provider takes no files.");
    if (part.data.empty()) {
      return refuse(part, "This model's provider takes files as data (`file_data`) only.");
    }
    out_.begin_object().put("type", "file").key("file").begin_object();
    if (!part.filename.empty()) out_.put("filename", part.filename);
    out_.put("file_data", part.data).end_object().end_object();
    return std::nullopt;
  }

  // Sealed thoughts of another provider are for nobody here; what is readable of them is kept.
  void add(const Reasoning& reasoning, Thoughts& thoughts) const {
    if (const auto made_here = reasoning_made_at(target_.origin, reasoning.encrypted_content)) {
      const std::string_view array = *made_here;
      if (array.size() > 2) {
        if (!thoughts.details.empty()) thoughts.details += ',';
        thoughts.details.append(array.substr(1, array.size() - 2));
      }
    }
    if (!thoughts.text.empty() && !reasoning.text.empty()) thoughts.text += "\n\n";
    thoughts.text.append(reasoning.text);
  }

  void put_thoughts(const Thoughts& thoughts, bool beside_calls) {
    const ChatSettings& settings = target_.settings;
    const std::string& field = settings.reasoning_field;
    if (field.empty()) return;
    if (field == "reasoning_details") {
      if (!thoughts.details.empty()) {
        out_.key(field).begin_array().raw(thoughts.details).end_array();
      } else if (!thoughts.text.empty()) {
        out_.put("reasoning", thoughts.text);
      }
      return;
    }
    const bool required = settings.reasoning_required && beside_calls;
    if (required || !thoughts.text.empty()) out_.put(field, thoughts.text);
  }

  void put_assistant(const std::string& text, const Thoughts& thoughts,
                     const std::vector<const Call*>& calls) {
    out_.begin_object().put("role", "assistant");
    text.empty() ? out_.put_raw("content", "null") : out_.put("content", text);
    put_thoughts(thoughts, !calls.empty());
    if (!calls.empty()) {
      out_.key("tool_calls").begin_array();
      for (const Call* call : calls) put_call(*call);
      out_.end_array();
    }
    out_.end_object();
  }

  void put_call(const Call& call) {
    out_.begin_object().put("id", call.call_id).put("type", "function").key("function");
    out_.begin_object().put("name", call.wire_name);
    out_.put("arguments", readable_arguments(call.arguments)).end_object().end_object();
  }

  // Providers read them back: what a model has broken off must not break the whole history.
  static std::string readable_arguments(const std::string& arguments) {
    if (arguments.empty()) return "{}";
    if (!object_text(arguments).empty()) return arguments;
    JsonText wrapped;
    return wrapped.begin_object().put("arguments", arguments).end_object().take();
  }

  // Right behind the calls; images, which they cannot hold, follow them.
  std::optional<Error> put_outputs(const std::vector<const Call*>& calls) {
    std::vector<const CallOutput*> all;
    for (const Call* call : calls) {
      std::string text;
      for (const CallOutput* output : call->outputs) {
        add_texts(text, output->parts);
        all.push_back(output);
      }
      out_.begin_object().put("role", "tool").put("tool_call_id", call->call_id);
      out_.put("content", call->outputs.empty() ? kAborted : std::string_view(text)).end_object();
    }
    return put_media(all);
  }

  std::optional<Error> put_media(const std::vector<const CallOutput*>& outputs) {
    bool any = false;
    for (const CallOutput* output : outputs) {
      for (const Part& part : output->parts) {
        if (!is_media(part)) continue;
        if (!std::exchange(any, true)) {
          out_.begin_object().put("role", "user").key("content").begin_array();
        }
        if (auto error = put_part(part)) return error;
      }
    }
    if (any) out_.end_array().end_object();
    return std::nullopt;
  }

  JsonText& out_;
  const Conversation& conversation_;
  const ChatTarget& target_;
};

}  // namespace

std::optional<Error> put_chat_messages(JsonText& out, Conversation& conversation,
                                       const ChatTarget& target) {
  MessageWriter writer(out, conversation, target);
  writer.put_instructions();
  for (const ConversationTurn& turn : grouped_turns(conversation)) {
    if (auto error = std::visit(writer, turn)) return error;
  }
  return std::nullopt;
}

}  // namespace responses_proxy
