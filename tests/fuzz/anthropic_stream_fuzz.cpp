// A stream of the Messages API.
#include "translated_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace responses_proxy;
  fuzz::check_translated_stream(*make_anthropic_messages_dialect(), "{}", {data, size});
  return 0;
}
