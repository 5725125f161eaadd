// What every function of the C interface does around its work: no exception leaves it, and what it
// has to say goes into an rp_text.
#pragma once

#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>

#include "c_api/setup.h"
#include "core/json.h"
#include "responses_proxy/error.h"
#include "responses_proxy/headers.h"
#include "responses_proxy/response_writer.h"
#include "responses_proxy/responses_proxy_c.h"

namespace responses_proxy::c_api {

inline constexpr std::string_view kNoMemory = "out of memory";

// false: there is no memory for it.
inline bool put(rp_text* answer, std::string_view text) noexcept {
  if (answer == nullptr) return true;
  auto* data = static_cast<char*>(std::malloc(text.size() + 1));
  if (data == nullptr) return false;
  if (!text.empty()) std::memcpy(data, text.data(), text.size());
  data[text.size()] = '\0';
  *answer = {data, text.size()};
  return true;
}

inline rp_result say(rp_text* answer, rp_result result, std::string_view text) noexcept {
  return put(answer, text) ? result : RP_FAILED;
}

// `work` returns the result, and writes the answer with say().
template <class Work>
rp_result call(rp_text* answer, Work&& work) noexcept {
  if (answer != nullptr) *answer = {nullptr, 0};
  try {
    return work();
  } catch (const Invalid& problem) {
    return say(answer, RP_INVALID, problem.what());
  } catch (const std::bad_alloc&) {
    return say(answer, RP_FAILED, kNoMemory);
  } catch (const std::exception& defect) {
    return say(answer, RP_FAILED, defect.what());
  } catch (...) {
    return say(answer, RP_FAILED, "an unknown exception");
  }
}

// Throws Invalid for null.
template <class Handle>
Handle& given(Handle* handle, const char* name) {
  if (handle == nullptr) throw Invalid(std::string(name) + " is NULL");
  return *handle;
}
// Of a NUL-terminated text that has to be there.
std::string_view given_text(const char* text, const char* name);
// Throws Invalid for null with a size.
std::string_view given_bytes(const char* bytes, std::size_t size, const char* name);

// An object that may be left out. Throws Invalid.
Json object_of(std::string_view json, const char* name);
// A member that is a text, `otherwise` where it is left out. Throws Invalid.
std::string text_at(const Json& object, const char* name, std::string_view otherwise = {});
// [[name, value], ...]; both texts, "" and null = none. Throws Invalid.
Headers headers_of(std::string_view json);
Headers headers_of(const Json& list);

Json to_json(const Headers& headers);
Json to_json(const ResponseHead& head);
// The answer for a client.
Json to_json(const Error& error);

}  // namespace responses_proxy::c_api
