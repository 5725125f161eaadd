// A request as the endpoints read it, where the HTTP library reads it otherwise.
#pragma once

#include <httplib.h>

namespace responses_proxy::control {

// With the path and the parameters of its target: a parameter ends at the next "&" and nowhere
// else, its name at the first "=". What is not percent-encoded stands for itself.
httplib::Request own_request(const httplib::Request& request);

}  // namespace responses_proxy::control
