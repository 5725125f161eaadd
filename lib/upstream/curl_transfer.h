// One request of the curl client: its easy handle, and what has arrived but is not delivered yet.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/upstream_client.h"
#include "upstream/upstream_head.h"

namespace responses_proxy {

class CurlUpstreamClient;

class CurlTransfer : public std::enable_shared_from_this<CurlTransfer> {
 public:
  CurlTransfer(CurlUpstreamClient& client, const Clock& clock, CURL* easy, UpstreamRequest request,
               UpstreamHandler& handler);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The connection says it is over; `code` is curl's.
  void finished(CURLcode code);
  // Which of our own deadlines has passed, none if neither.
  UpstreamError overdue(SteadyTime now);
  // It is to be started again, on a connection of its own; see KeptSockets.
  bool needs_fresh_connection() const { return strayed_; }
  void use_fresh_connection();
  void fail(UpstreamError error);
  void resume();
  void unpause_curl();
  bool body_sent() const;
  std::string_view inbox() const { return inbox_; }

  CURL* easy = nullptr;   // null once it is out of curl's hands
  std::size_t index = 0;  // in the client's list
  bool in_ready_list = false;
  UpstreamHandler* handler;  // null once cancelled

 private:
  friend class CurlUpstreamClient;
  enum class Stage : std::uint8_t {
    connecting,
    sent,  // the request was on its way once
    over,  // for curl; the handler may not have been told all of it yet
  };
  enum class HeadStage : std::uint8_t { missing, complete, delivered };

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static int on_connected(void* self, char*, char*, int, int local_port);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* client, curl_socket_t socket);
  static CURLcode on_tls(CURL* easy, void* context, void* self);

  void go_to(Stage next);
  bool has_head() const { return head_stage_ != HeadStage::missing; }
  void set_options();
  void set_body_options();
  void set_headers();
  bool header_line(std::string_view line);
  bool end_head();
  bool refuse(std::string_view fault);
  void tell_error(CURLcode code);
  UpstreamError error_of(CURLcode code) const;
  UpstreamError error_of_connect() const;
  bool decodes() const;
  void keep_socket();
  bool connected() const;
  std::size_t bytes_sent() const;

  CurlUpstreamClient& client_;
  const Clock& clock_;
  const UpstreamRequest request_;
  curl_slist* header_list_ = nullptr;
  bool forbidden_ = false;  // an address was private
  char error_text_[CURL_ERROR_SIZE] = {};
  SteadyTime waiting_since_;  // for what the deadline at hand is about
  std::size_t sent_ = 0;      // of the body, as far as the upstream has taken it
  SteadyTime sent_since_;     // when it was last seen to take some

  UpstreamHead head_;
  int status_ = 0;  // of the final head
  Stage stage_ = Stage::connecting;
  HeadStage head_stage_ = HeadStage::missing;
  bool strayed_ = false;  // something had arrived on the connection before the request
  std::string inbox_;
  bool paused_ = false;       // the handler does not want more
  bool curl_paused_ = false;  // and so curl was told to stop reading
  UpstreamResult result_;
};

}  // namespace responses_proxy
