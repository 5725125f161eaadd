// A stream of Chat Completions.
#include "translated_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace responses_proxy;
  fuzz::check_translated_stream(*make_chat_completions_dialect(), R"({"think_tags":true})",
                                {data, size});
  return 0;
}
