# Two commands do everything on a bare machine: `make run` and `make test`.
.PHONY: deps run test guard-deps test-asan test-tsan fuzz tidy coverage mutants package bench-build bench-relay bench-plots bench-stall bench-pick bench-records bench-redis bench-worker bench-dashboard bench-headers bench-adapt bench-instructions format format-check clean

deps:
	@scripts/setup test
	@scripts/setup-clients

build/release/server/rp-server: FORCE
	@scripts/setup build
	@test -f build/release/build.ninja || cmake --preset release -DRP_BUILD_TESTS=OFF -DRP_BUILD_EXAMPLES=OFF -DRP_BUILD_BENCH=OFF >/dev/null
	@cmake --build build/release --target rp-server
FORCE:

run: build/release/server/rp-server
	@build/release/server/rp-server --demo-without-keys

test: deps
	@test -f build/dev/build.ninja || cmake --preset dev >/dev/null
	@cmake --build build/dev
	@ctest --preset dev -j2

# Guards: docs/contributing.md says what each is for.
guard-deps: deps
	@scripts/setup guards

test-asan test-tsan: test-%: guard-deps
	@test -f build/$*/build.ninja || cmake --preset $* >/dev/null
	@cmake --build build/$* --target suites
	@ctest --preset $* -j2

# The fuzz targets are built with the sanitizers of test-asan, from the same objects.
fuzz: guard-deps
	@test -f build/asan/build.ninja || cmake --preset asan >/dev/null
	@cmake --build build/asan --target fuzz_targets
	@scripts/fuzz $(FUZZ_SECONDS)

tidy: guard-deps
	@scripts/tidy

coverage: guard-deps
	@scripts/coverage

mutants: guard-deps
	@scripts/mutants

# Debian packages for the release this runs on, in dist/.
package:
	@scripts/setup test
	@cmake --preset release -DRP_BUILD_TESTS=OFF -DRP_BUILD_EXAMPLES=OFF -DRP_BUILD_BENCH=OFF >/dev/null
	@cmake --build build/release
	@scripts/package

# docs/benchmarks.md says what these measure.
bench-build:
	@scripts/setup bench
	@cmake --preset release -DRP_BUILD_TESTS=OFF -DRP_BUILD_EXAMPLES=OFF -DRP_BUILD_BENCH=ON >/dev/null
	@cmake --build build/release --target rp-server relay-mock relay-load bench_pick records_bench lists_bench bench_redis worker_bench bench_headers bench_adapt

bench-relay: bench-build
	@bench/relay/run

bench-plots: bench-build
	@bench/relay/plots

bench-stall: bench-build
	@bench/relay/stall

bench-instructions: bench-build
	@bench/relay/instructions

bench-pick: bench-build
	@build/release/bench/bench_pick

bench-records: bench-build
	@build/release/bench/records_bench

bench-redis: bench-build
	@build/release/bench/bench_redis

bench-worker: bench-build
	@build/release/bench/worker_bench

bench-dashboard: bench-build
	@RP_SERVER=$(CURDIR)/build/release/server/rp-server tests/e2e/run dashboard_bench.mjs

bench-headers: bench-build
	@build/release/bench/bench_headers

bench-adapt: bench-build
	@build/release/bench/bench_adapt

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

format-check:
	@git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run --Werror

clean:
	@rm -rf build
