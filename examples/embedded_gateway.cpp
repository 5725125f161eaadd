// Level 3, proxy: a cpp-httplib gateway with the library inside. The gateway keeps its own server,
// threads and routes; the library serves /v1 with all it has.
//
//   OPENAI_API_KEY=sk-... ./embedded_gateway 8080
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "blocking_writer.h"
#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

namespace {

Request to_request(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  const auto question = from.target.find('?');
  request.path = from.target.substr(0, question);
  if (question != std::string::npos) request.query = from.target.substr(question + 1);
  for (const auto& [name, value] : from.headers) {
    // httplib adds these four to what the client sent.
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
        name == "LOCAL_PORT") {
      continue;
    }
    request.headers.add(name, value);
  }
  request.body = from.body;
  request.peer = from.remote_addr;
  return request;
}

void serve(Runtime& runtime, const httplib::Request& from, httplib::Response& to) {
  const auto writer = std::make_shared<example::BlockingWriter>(runtime.loops());
  runtime.proxy().handle(to_request(from), writer);
  const ResponseHead head = writer->wait_for_head();
  to.status = head.status;
  std::string content_type = "application/json";
  for (const Header& field : head.headers) {
    if (field.id == FieldId::content_type) {
      content_type = field.value;
    } else {
      to.set_header(std::string(field.name), std::string(field.value));
    }
  }
  to.set_chunked_content_provider(
      content_type,
      [writer](std::size_t, httplib::DataSink& sink) {
        std::string bytes;
        switch (writer->wait_for_bytes(bytes)) {
          case example::BlockingWriter::Next::bytes:
            return sink.write(bytes.data(), bytes.size());
          case example::BlockingWriter::Next::end:
            sink.done();
            return true;
          case example::BlockingWriter::Next::broken:
            return false;  // cuts the connection: the client must not take it for the end
        }
        return false;
      },
      [writer](bool) { writer->client_left(); });
}

}  // namespace

int main(int argc, char** argv) {
  LoadedConfig loaded = load_config(process_environment());
  for (const ConfigError& error : loaded.errors)
    std::fprintf(stderr, "%s\n", error.message.c_str());
  if (!loaded.errors.empty()) return 2;

  Runtime runtime(loaded.config, {.log = [](const LogEvent& event) {
                    std::fprintf(stderr, "%s: %s\n", event.event.c_str(), event.message.c_str());
                  }});
  runtime.start();

  httplib::Server server;
  server.Get("/gateway/hello", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("the gateway's own route\n", "text/plain");
  });
  const auto handler = [&runtime](const httplib::Request& from, httplib::Response& to) {
    serve(runtime, from, to);
  };
  server.Get("/v1/.*", handler);
  server.Post("/v1/.*", handler);
  server.Delete("/v1/.*", handler);

  int port = argc > 1 ? std::atoi(argv[1]) : 8080;  // NOLINT: an example; 0 = any
  port = port == 0 ? server.bind_to_any_port("127.0.0.1")
                   : (server.bind_to_port("127.0.0.1", port) ? port : -1);
  if (port < 0) return 1;
  std::printf("embedded gateway listening on http://127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server.listen_after_bind();
  runtime.drain();
  runtime.stop();
  return 0;
}
