// JsonText: writes JSON straight into its text, for what is written at every event or from long
// inputs. Everything else is written with core/json.h.
//
// Role       Commas come by themselves; what is opened has to be closed by the caller.
// Cost       One pass over the texts given; no tree, no allocation but the text's own growth.
// Limits     Texts have to be UTF-8: what simdjson gives is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace responses_proxy {

// `text` with what a JSON string cannot hold escaped, without quotes.
void append_escaped(std::string& out, std::string_view text);

class JsonText {
 public:
  JsonText() = default;
  // Goes on behind what `text` holds, which ends where a value may begin.
  explicit JsonText(std::string text) : out_(std::move(text)) {}

  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view key);
  JsonText& text(std::string_view text);
  JsonText& number(std::int64_t number);
  JsonText& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonText& null() { return raw("null"); }
  // A value, or several with commas between them, as they stand.
  JsonText& raw(std::string_view json);

  // A key with its value.
  JsonText& put(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonText& put_raw(std::string_view name, std::string_view json) { return key(name).raw(json); }
  JsonText& put_number(std::string_view name, std::int64_t value) {
    return key(name).number(value);
  }
  JsonText& put_boolean(std::string_view name, bool value) { return key(name).boolean(value); }

  const std::string& str() const { return out_; }
  std::string take() { return std::exchange(out_, {}); }
  void clear() { out_.clear(); }

 private:
  void separate();
  JsonText& open(char bracket);
  JsonText& close(char bracket);

  std::string out_;
};

}  // namespace responses_proxy
