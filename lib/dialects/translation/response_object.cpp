#include "dialects/translation/response_object.h"

#include <charconv>
#include <utility>

#include "core/json_edit.h"
#include "core/json_members.h"
#include "core/json_reader.h"
#include "core/json_text.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

struct Default {
  std::string_view key;
  std::string_view json;
};

// As sent; nothing sent, or null: the default.
void echo(JsonText& out, element request, const Default& member) {
  element given;
  const bool sent = request[member.key].get(given) == simdjson::SUCCESS && !given.is_null();
  out.put_raw(member.key, sent ? std::string(simdjson::minify(given)) : std::string(member.json));
}

void put_reasoning(JsonText& out, const Conversation& conversation) {
  out.key("reasoning").begin_object();
  const auto text_or_null = [&](std::string_view key, std::string_view value) {
    value.empty() ? out.put_raw(key, "null") : out.put(key, value);
  };
  text_or_null("effort", conversation.effort);
  text_or_null("summary", conversation.summary);
  out.end_object();
}

void put_text(JsonText& out, element request) {
  element text;
  element format;
  element verbosity;
  const bool has_text = request["text"].get(text) == simdjson::SUCCESS && text.is_object();
  const bool has_format = has_text && text["format"].get(format) == simdjson::SUCCESS;
  const bool has_verbosity =
      has_text && text["verbosity"].get(verbosity) == simdjson::SUCCESS && verbosity.is_string();
  out.key("text").begin_object();
  out.put_raw("format", has_format && format.is_object() ? std::string(simdjson::minify(format))
                                                         : R"({"type":"text"})");
  out.put_raw("verbosity",
              has_verbosity ? std::string(simdjson::minify(verbosity)) : R"("medium")");
  out.end_object();
}

std::string error_member(const ResponseState& state) {
  if (state.error_message.empty() && state.error_code.empty()) return "null";
  JsonText out;
  out.begin_object().put("code", state.error_code).put("message", state.error_message);
  return out.end_object().take();
}

std::string details_member(const ResponseState& state) {
  if (state.incomplete_reason.empty()) return "null";
  return JsonText().begin_object().put("reason", state.incomplete_reason).end_object().take();
}

// {"id":...}, whichever way it was named.
void put_conversation(JsonText& out, element request) {
  element given;
  std::string_view id;
  if (request["conversation"].get(given) != simdjson::SUCCESS || given.is_null()) return;
  if (given.get(id) == simdjson::SUCCESS) {
    out.key("conversation").begin_object().put("id", id).end_object();
  } else {
    out.put_raw("conversation", simdjson::minify(given));
  }
}

}  // namespace

std::string usage_json(const ResponseUsage& usage) {
  JsonText out;
  out.begin_object().put_number("input_tokens", usage.input).key("input_tokens_details");
  out.begin_object().put_number("cached_tokens", usage.cached);
  out.put_number("cache_write_tokens", usage.cache_write).end_object();
  out.put_number("output_tokens", usage.output).key("output_tokens_details");
  out.begin_object().put_number("reasoning_tokens", usage.reasoning).end_object();
  return out.put_number("total_tokens", usage.sum()).end_object().take();
}

ResponseUsage read_usage(std::string_view json) {
  ResponseUsage usage;
  read_json(json, [&usage](element root) {
    const auto number = [](element object, std::string_view key, std::int64_t& into) {
      std::int64_t value = 0;
      if (object.at_pointer(key).get(value) == simdjson::SUCCESS) into = value;
    };
    number(root, "/input_tokens", usage.input);
    number(root, "/input_tokens_details/cached_tokens", usage.cached);
    number(root, "/input_tokens_details/cache_write_tokens", usage.cache_write);
    number(root, "/output_tokens", usage.output);
    number(root, "/output_tokens_details/reasoning_tokens", usage.reasoning);
    usage.total = usage.input + usage.output;
    number(root, "/total_tokens", *usage.total);
  });
  return usage;
}

ResponseUsage sum_of(const ResponseUsage& one, const ResponseUsage& other) {
  return {one.input + other.input,
          one.cached + other.cached,
          one.cache_write + other.cache_write,
          one.output + other.output,
          one.reasoning + other.reasoning,
          one.sum() + other.sum()};
}

ResponseObject::ResponseObject(const Conversation& conversation, std::string_view id,
                               std::string_view model, std::int64_t created_at)
    : id_(id), created_at_(created_at) {
  const element request = conversation.request;
  compaction_ = conversation.compaction == Compaction::standalone;
  bool background = false;
  background_ = request["background"].get(background) == simdjson::SUCCESS && background;
  JsonText before;
  echo(before, request, {"instructions", "null"});
  echo(before, request, {"max_output_tokens", "null"});
  echo(before, request, {"max_tool_calls", "null"});
  before.put("model", model);
  before_output_ = before.take();

  JsonText after;
  echo(after, request, {"parallel_tool_calls", "true"});
  echo(after, request, {"previous_response_id", "null"});
  echo(after, request, {"prompt_cache_key", "null"});
  echo(after, request, {"prompt_cache_retention", "null"});
  put_reasoning(after, conversation);
  for (const Default& member : {Default{"safety_identifier", "null"},
                                {"service_tier", R"("default")"},
                                {"store", "true"},
                                {"temperature", "1.0"}}) {
    echo(after, request, member);
  }
  put_text(after, request);
  for (const Default& member : {Default{"tool_choice", R"("auto")"},
                                {"tools", "[]"},
                                {"top_logprobs", "0"},
                                {"top_p", "1.0"},
                                {"truncation", R"("disabled")"}}) {
    echo(after, request, member);
  }
  put_conversation(after, request);
  after_output_ = after.take();
  JsonText last;
  echo(last, request, {"user", "null"});
  echo(last, request, {"metadata", "{}"});
  at_the_end_ = last.take();
}

std::string with_state(std::string_view document, const ResponseState& state) {
  auto members = read_members(document);
  if (!members) return std::string(document);
  JsonEdit edit(std::move(*members));
  edit.put("status", JsonText().text(state.status).str());
  edit.put("error", error_member(state));
  edit.put("incomplete_details", details_member(state));
  return edit.joined();
}

ResponseObject::ResponseObject(std::string_view document) : created_at_(0) {
  const auto members = read_members(document);
  if (!members) return;
  id_ = string_content(member(*members, "id"));
  const std::string_view created = member(*members, "created_at");
  std::from_chars(created.data(), created.data() + created.size(), created_at_);
  background_ = member(*members, "background") == "true";
  // What stands before and behind the output, in the order it was written in.
  std::string* part = nullptr;
  for (const JsonMember& one : *members) {
    if (one.key == "incomplete_details") {
      part = &before_output_;
    } else if (one.key == "output") {
      part = &after_output_;
    } else if (one.key == "usage") {
      part = &at_the_end_;
    } else if (part != nullptr) {
      if (!part->empty()) *part += ',';
      part->append(one.text);
    }
  }
}

ResponseObject ResponseObject::of_an_answer() const {
  ResponseObject answer = *this;
  answer.compaction_ = false;
  return answer;
}

std::string ResponseObject::json(const ResponseState& state, std::string_view output,
                                 std::string_view usage) const {
  JsonText out;
  if (compaction_) {
    out.begin_object().put("id", id_).put("object", "response.compaction");
    out.put_number("created_at", created_at_).key("output").begin_array().raw(output).end_array();
    return out.put_raw("usage", usage.empty() ? usage_json({}) : usage).end_object().take();
  }
  out.begin_object().put("id", id_).put("object", "response");
  out.put_number("created_at", created_at_).put("status", state.status);
  out.put_boolean("background", background_).key("completed_at");
  state.completed_at ? out.number(*state.completed_at) : out.null();
  out.put_raw("error", error_member(state));
  out.put_raw("incomplete_details", details_member(state));
  out.raw(before_output_).key("output").begin_array().raw(output).end_array();
  out.raw(after_output_).put_raw("usage", usage.empty() ? "null" : usage).raw(at_the_end_);
  return out.end_object().take();
}

}  // namespace responses_proxy
