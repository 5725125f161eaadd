#include "dialects/anthropic_messages/anthropic_media.h"

#include <string>
#include <string_view>

#include "core/ascii_case.h"
#include "core/base64.h"
#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kPdf = "application/pdf";
constexpr std::size_t kMaxText = 32 * 1024 * 1024;  // as large as a request may be

Error refuse(const Part& part, std::string_view why) {
  return Error::invalid_request("unsupported_content", std::string(why), part.path.text());
}

struct Data {
  std::string media_type;  // in lower case
  std::string_view base64;
};

// "data:image/png;base64,..."
std::optional<Data> data_of(std::string_view uri) {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kBase64 = ";base64";
  const std::size_t comma = uri.find(',');
  if (!uri.starts_with(kScheme) || comma == std::string_view::npos) return std::nullopt;
  const std::string_view head = uri.substr(kScheme.size(), comma - kScheme.size());
  if (!head.ends_with(kBase64)) return std::nullopt;
  return Data{ascii_lower(head.substr(0, head.find(';'))), uri.substr(comma + 1)};
}

void put_base64(JsonText& out, const Data& data) {
  out.key("source").begin_object().put("type", "base64").put("media_type", data.media_type);
  out.put("data", data.base64).end_object();
}

void put_url(JsonText& out, std::string_view url) {
  out.key("source").begin_object().put("type", "url").put("url", url).end_object();
}

std::optional<Error> put_image(JsonText& out, const Part& part) {
  if (part.url.empty()) {
    return refuse(part, "This model's provider takes images by URL or as data, not by file id.");
  }
  out.put("type", "image");
  if (!part.url.starts_with("data:")) {
    put_url(out, part.url);
    return std::nullopt;
  }
  const auto data = data_of(part.url);
  if (!data) return refuse(part, "The image's data URI is not base64.");
  put_base64(out, *data);
  return std::nullopt;
}

// What a file without a media type is, as far as its beginning or its name says.
std::string type_of_file(const Part& part) {
  constexpr std::string_view kPdfBegins = "JVBERi";  // "%PDF" in base64
  const std::string name = ascii_lower(part.filename);
  if (part.data.starts_with(kPdfBegins) || name.ends_with(".pdf")) return std::string(kPdf);
  return name.ends_with(".txt") || name.ends_with(".md") ? "text/plain" : "";
}

std::optional<Error> put_document(JsonText& out, const Part& part) {
  out.put("type", "document");
  if (!part.filename.empty()) out.put("title", part.filename);
  if (part.data.empty() && !part.url.empty()) {
    put_url(out, part.url);
    return std::nullopt;
  }
  if (part.data.empty()) {
    return refuse(part, "This model's provider takes files by URL or as data, not by file id.");
  }
  const Data data = data_of(part.data).value_or(Data{type_of_file(part), part.data});
  if (data.media_type == kPdf) {
    put_base64(out, data);
    return std::nullopt;
  }
  const auto text =
      data.media_type.starts_with("text/") ? base64_decoded(data.base64) : std::nullopt;
  if (!text) return refuse(part, "This model's provider takes PDF files and texts only.");
  out.key("source").begin_object().put("type", "text").put("media_type", "text/plain");
  out.put("data", utf8_text(*text, kMaxText)).end_object();
  return std::nullopt;
}

}  // namespace

bool is_media(const Part& part) {
  return part.kind == Part::Kind::image || part.kind == Part::Kind::file;
}

std::optional<Error> put_media(JsonText& out, const Part& part, const AnthropicSettings& settings) {
  if (part.kind == Part::Kind::image) {
    if (!settings.images) return refuse(part, "This model takes no images.");
    return put_image(out, part);
  }
  if (!settings.files) return refuse(part, "This model takes no files.");
  return put_document(out, part);
}

}  // namespace responses_proxy
