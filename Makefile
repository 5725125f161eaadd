# Two commands do everything on a bare machine: `make run` and `make test`.
.PHONY: deps run test test-asan test-tsan bench format format-check clean

deps:
	@scripts/setup test

build/release/server/rp-server: FORCE
	@scripts/setup build
	@test -f build/release/build.ninja || cmake --preset release -DRP_BUILD_TESTS=OFF -DRP_BUILD_EXAMPLES=OFF -DRP_BUILD_BENCH=OFF >/dev/null
	@cmake --build build/release --target rp-server
FORCE:

run: build/release/server/rp-server
	@build/release/server/rp-server

test: deps
	@test -f build/dev/build.ninja || cmake --preset dev >/dev/null
	@cmake --build build/dev
	@ctest --preset dev -j2

test-asan test-tsan: test-%: deps
	@test -f build/$*/build.ninja || cmake --preset $* >/dev/null
	@cmake --build build/$*
	@ctest --preset $* -j2

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

format-check:
	@git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run --Werror

clean:
	@rm -rf build
