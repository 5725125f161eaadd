// Fields one after the other, each in as few bytes as its value needs: what record_codec.h is made
// of. A number is a varint of 7 bits a byte, negative ones between the positive; a text its length
// and itself; what may be absent has a byte before it.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/word.h"
#include "storage/sql_values.h"

namespace responses_proxy {

// Appends to a string: all that was put, at the end of a section.
class CompactWriter {
 public:
  // `base`: times are kept as what they are later than it.
  CompactWriter(std::string& bytes, std::int64_t base) : bytes_(bytes), base_(base) {}
  CompactWriter(const CompactWriter&) = delete;
  CompactWriter& operator=(const CompactWriter&) = delete;

  void put(std::int64_t number) {
    const auto bits = std::bit_cast<std::uint64_t>(number);
    put_bits((bits << 1U) ^ (number < 0 ? ~std::uint64_t{0} : 0U));
  }
  void put(int number) { put(std::int64_t{number}); }
  void put(bool flag) { put_byte(flag ? '\1' : '\0'); }
  void put(std::chrono::microseconds duration) { put(std::int64_t{duration.count()}); }
  void put(WallTime time) { put(to_micros(time) - base_); }
  void put(const std::string& text) {
    if (is_storable(text)) return put_bytes(text);
    put_bytes(storable_text(text));
  }
  void put_whole(const std::string& text) { put_bytes(whole_text(text)); }
  template <class Enum>
  void put(const Word<Enum>& word) {
    put(word.text());
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  // Calls write(), and puts the length of what it has put in front of it.
  template <class Write>
  void section(Write&& write) {
    const std::size_t at = bytes_.size();
    bytes_.append(kLengthBytes, '\0');
    write();
    move_on();
    std::size_t length = bytes_.size() - at - kLengthBytes;
    for (std::size_t i = 0; i < kLengthBytes; ++i, length >>= 8U) {
      bytes_[at + i] = static_cast<char>(length & 0xFFU);
    }
  }

  static constexpr std::size_t kLengthBytes = 4;

 private:
  void put_bits(std::uint64_t bits) {
    for (; bits >= 0x80U; bits >>= 7U) put_byte(static_cast<char>(bits | 0x80U));
    put_byte(static_cast<char>(bits));
  }
  void put_byte(char byte) {
    if (used_ == near_.size()) move_on();
    near_[used_++] = byte;
  }
  void put_bytes(std::string_view text) {
    put_bits(text.size());
    if (text.size() > near_.size() - used_) move_on();
    if (text.size() > near_.size()) {
      bytes_ += text;
      return;
    }
    std::memcpy(near_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void move_on() {
    bytes_.append(near_.data(), used_);
    used_ = 0;
  }

  // What is not in the string yet: to append a byte there costs more than most fields.
  std::array<char, 256> near_;
  std::size_t used_ = 0;
  std::string& bytes_;
  const std::int64_t base_;
};

// Leaves what is behind the end of the bytes as it is. What is cut off in the middle of a field, or
// can be no field, makes it fail from there on.
class CompactReader {
 public:
  CompactReader(std::string_view bytes, std::int64_t base) : rest_(bytes), base_(base) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  void get(std::int64_t& number) {
    if (at_end()) return;
    const std::uint64_t bits = get_bits();
    number =
        std::bit_cast<std::int64_t>((bits >> 1U) ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0U));
  }
  void get(int& number) {
    std::int64_t value = number;
    get(value);
    number = static_cast<int>(value);
  }
  void get(bool& flag) {
    if (at_end()) return;
    flag = rest_.front() != '\0';
    rest_.remove_prefix(1);
  }
  void get(std::chrono::microseconds& duration) {
    std::int64_t count = duration.count();
    get(count);
    duration = std::chrono::microseconds(count);
  }
  void get(WallTime& time) {
    if (at_end()) return;
    std::int64_t later = 0;
    get(later);
    std::int64_t micros = 0;
    if (__builtin_add_overflow(base_, later, &micros)) return fail();
    time = from_micros(micros);
  }
  void get(std::string& text) {
    if (at_end()) return;
    text = get_bytes(get_bits());
  }
  void get_whole(std::string& text) { get(text); }
  template <class Enum>
  void get(Word<Enum>& word) {
    if (at_end()) return;
    std::string text;
    get(text);
    word = Word<Enum>(std::move(text));
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = value.has_value();
    get(there);
    value.reset();
    if (there) get(value.emplace());
  }
  // The bytes of a section, without those of its length.
  std::string_view section() {
    const std::string_view length = get_bytes(CompactWriter::kLengthBytes);
    std::size_t size = 0;
    for (std::size_t i = length.size(); i > 0; --i) {
      size = (size << 8U) | static_cast<unsigned char>(length[i - 1]);
    }
    return get_bytes(size);
  }

 private:
  void fail() {
    failed_ = true;
    rest_ = {};
  }
  std::uint64_t get_bits() {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < rest_.size() && i < 10; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      bits |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
      if ((byte & 0x80U) != 0) continue;
      rest_.remove_prefix(i + 1);
      return bits;
    }
    fail();
    return 0;
  }
  std::string_view get_bytes(std::uint64_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
  const std::int64_t base_;
  bool failed_ = false;
};

}  // namespace responses_proxy
