#include "core/request_path.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("paths that read the same everywhere are plain") {
  for (const std::string path :
       {"/", "/v1/responses", "/v1/responses/resp_1", "/v1/responses/resp%5F1", "/a//b", "//",
        "/p://x/admin/state", "/...", "/.well-known/x", "/a..b", "/..a", "/a.", "/%252e%252e/x",
        "/v1/models/a;v=1", "/;", "/a%20b", "/%C3%A4", "", "/v1/responses/resp_1;x=.."}) {
    CAPTURE(path);
    CHECK_FALSE(path_problem(path));
  }
}

TEST_CASE("paths that could be taken for others are refused") {
  for (const std::string path : {"/..",
                                 "/.",
                                 "/v1/responses/..",
                                 "/v1/responses/../files/x",
                                 "/v1/responses/./x",
                                 "/v1/responses/%2e%2e/files",
                                 "/v1/responses/.%2E/files",
                                 "/v1/responses/%2e/x",
                                 "/v1/responses/..;/files",
                                 "/v1/responses/..;a=b/files",
                                 "/v1/responses/%2e%2e%3bx/files",
                                 "/v1/responses/.;/x",
                                 "/v1/responses%2f..%2ffiles",
                                 "/v1/responses/a%2Fb",
                                 "/%2f",
                                 "/v1/responses/a\\b",
                                 "/v1/responses/a%5Cb",
                                 "/v1/responses/..\\files",
                                 "/a%00",
                                 "/a%0d%0ab",
                                 "/a%09",
                                 "/a%7F",
                                 "/a\tb",
                                 "/a\x01",
                                 "/a%",
                                 "/a%2",
                                 "/a%2/x",
                                 "/a%zz",
                                 "/a%-1",
                                 "/a%+1",
                                 "/a%u002e",
                                 "/x/..//y",
                                 "/x//../y"}) {
    CAPTURE(path);
    const auto problem = path_problem(path);
    REQUIRE(problem);
    CHECK(problem->status == 400);
    CHECK(problem->code == "invalid_path");
  }
}

}  // namespace responses_proxy
