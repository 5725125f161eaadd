// /admin/state, /admin/events
#include <utility>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/state_json.h"

namespace responses_proxy::control {

namespace {

// One call of the content provider: sends what is due, else waits a little. false: cut off.
bool serve_viewer(Plane& plane, StateFeed& feed, httplib::DataSink& sink) {
  if (plane.context.draining) {
    sink.done();
    return true;
  }
  if (const auto event = feed.due()) return sink.write(event->data(), event->size());
  plane.pulse.wait();
  return sink.is_writable();
}

void answer_events(const std::shared_ptr<Plane>& plane, httplib::Response& response) {
  auto slot = plane->viewers.take();
  if (!slot) {
    auto error = Error::unavailable(503, "too_many_event_streams",
                                    "Enough viewers watch /admin/events; poll /admin/state.");
    error.retry_after = Millis(10'000);
    return send_error(response, error);
  }
  response.status = 200;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Accel-Buffering", "no");  // nginx in front would hold the events back
  response.set_chunked_content_provider(
      "text/event-stream",
      [plane, slot = std::move(slot), feed = std::make_shared<StateFeed>(plane->context)](
          std::size_t, httplib::DataSink& sink) { return serve_viewer(*plane, *feed, sink); });
}

}  // namespace

void add_state_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/admin/state", Access::data, [plane](const auto&, httplib::Response& response) {
    send_json(response, stamped(live_state(plane->context), plane->context.clock));
  });
  routes.get("/admin/events", Access::data,
             [plane](const auto&, httplib::Response& response) { answer_events(plane, response); });
}

}  // namespace responses_proxy::control
