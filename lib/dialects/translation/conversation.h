// Conversation: a request of the Responses API with everything in it that an upstream of another
// wire format can be told, in types.
//
// Role       read_conversation() makes it; a dialect writes its own request from it.
// Ownership  Texts and elements are views into the ParsedRequest that it stands in; ToolNames owns
//            what the answer needs later.
// Threads    Belongs to one attempt.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialects/translation/tool_names.h"

namespace responses_proxy {

// Where something stands in the request; of an earlier turn: nowhere.
struct InputPath {
  std::optional<std::size_t> item;  // index in `input`
  std::size_t part = 0;
  std::string_view member = "content";  // that has the parts
  // "input[3].key"
  std::string of_item(std::string_view key) const;
  // "input[3].content[1]", for the `param` of an error; "input" for what is of an earlier turn.
  std::string text() const;
};

// One part of a message, or of what a tool has given back.
struct Part {
  enum class Kind : std::uint8_t { text, refusal, image, file };
  Kind kind = Kind::text;
  std::string_view text;     // of text and refusal
  std::string_view url;      // of an image or a file: https, or a data URI
  std::string_view detail;   // of an image: "low", "high", "auto", "original"; "" = not said
  std::string_view file_id;  // of an image or a file that the provider is to know
  std::string_view data;     // of a file: base64, or a data URI
  std::string_view filename;
  std::optional<simdjson::dom::element> json;  // as it was sent; none: the text was sent alone
  InputPath path;
};

enum class Role : std::uint8_t { system, developer, user, assistant };

struct Message {
  Role role = Role::user;
  std::vector<Part> parts;
  std::shared_ptr<const std::string> owned = {};  // a text that stands nowhere in the request
};
// One of a text that stands nowhere in the request.
Message message_of(Role role, std::string text);

struct Call;

// What a tool has given back.
struct CallOutput {
  std::string_view call_id;
  const Call* call = nullptr;  // set by grouped_turns(); null: there is none

  std::vector<Part> parts;
  std::shared_ptr<const std::string> owned;  // a text that stands nowhere in the request
};

// A call of any kind of tool, in the form that every upstream knows: a function.
struct Call {
  std::string_view call_id;
  std::string wire_name;  // what the upstream calls the tool
  std::string arguments;  // a JSON object as text; what a model wrote may be none
  // Set by grouped_turns().
  std::vector<const CallOutput*> outputs;  // none: it was never answered
  std::size_t turn = 0;                    // number of the turn it is in
};

// What a model has thought.
struct Reasoning {
  std::string text;                    // of its content, else its summary; "" = it is not shown
  std::string_view encrypted_content;  // as it was sent; see portable_reasoning.h
};

using Item = std::variant<Message, Call, CallOutput, Reasoning>;

// A tool as the request declares it. Its name and kind stand in Conversation::names.
struct ToolDeclaration {
  std::size_t name = 0;  // index in ToolNames
  std::string description;
  std::string parameters;  // a JSON schema as text; "" = none was given
  std::optional<bool> strict;
  std::optional<simdjson::dom::element> json;  // as it was sent
};

struct ToolChoice {
  enum class Mode : std::uint8_t { unset, automatic, none, required, tool, allowed };
  Mode mode = Mode::unset;
  std::size_t tool = 0;              // of Mode::tool: index in ToolNames
  std::vector<std::size_t> allowed;  // of Mode::allowed
  bool allowed_required = false;     // one of them has to be called
};

struct TextFormat {
  enum class Kind : std::uint8_t { text, json_object, json_schema };
  Kind kind = Kind::text;
  std::string_view name;
  std::string_view description;
  std::optional<simdjson::dom::element> schema;
  std::optional<bool> strict;
};

// Whether an answer is asked for, or a summary in its place (compaction.h).
enum class Compaction : std::uint8_t {
  none,
  wished,      // by a compaction_trigger: a response with one item
  too_long,    // by context_management: it stands for all that was before, and the request goes on
  standalone,  // POST /v1/responses/compact: a document of its own kind
};

struct Conversation {
  simdjson::dom::element request;  // all of it, for what only one dialect knows
  std::string_view model;
  std::string_view instructions;
  std::vector<Item> items;  // of the earlier turns, then of `input`
  std::vector<ToolDeclaration> tools;
  ToolNames names;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls;
  TextFormat format;
  std::string_view verbosity;  // "" = not said
  std::string effort;          // the last that was asked for; "" = not said
  std::string_view summary;    // reasoning.summary; "" = not said
  std::optional<std::int64_t> max_output_tokens;
  std::string temperature;  // as number; "" = not said
  std::string top_p;
  std::string_view user;
  std::string_view safety_identifier;
  std::string_view prompt_cache_key;
  bool stream = false;
  bool store = true;
  Compaction compaction = Compaction::none;
  std::vector<std::string> omitted_tools;  // types of hosted tools that were left out
  std::vector<std::string> omitted_items;  // types of items that held more than a detail
};

}  // namespace responses_proxy
