"""What is measured of one program in its turn: flat dictionaries of numbers."""
import json, statistics, subprocess, sys

import programs

STREAM_COUNTS = (1000, 3000)
STREAMS = STREAM_COUNTS[0]
IDLE_SOCKETS, ACTIVE_SOCKETS = 2000, STREAMS  # as many: the more events in a turn of a loop, the cheaper each
EVENT_INTERVAL_MS = 50
WINDOW_MS, SHORT_WINDOW_MS = 3000, 2000
RAMP_MS = 1000
# The first stream must outlive ramp, settling (500 ms) and window.
EVENTS = (RAMP_MS + 500 + WINDOW_MS + 1000) // EVENT_INTERVAL_MS
SMALL_BODY, LARGE_BODY = 1_000, 40_000  # bytes; an agent's first request is about 40 KB
LATENCY_RATE = 1000  # requests/s, far from saturation


class Bench:
    """The programs that were built, and what went wrong with them."""

    def __init__(self, build):
        self.mock = build / "bench/relay-mock"
        self.load = build / "bench/relay-load"
        self.records = build / "bench/records_bench"
        self.rp_server = build / "server/rp-server"
        self.filled_records = None  # a file of records that each rp-server begins with
        self.errors = 0
        self.loads = 0
        self.dropped_records = 0
        for program in (self.mock, self.load, self.records, self.rp_server):
            if not program.exists():
                sys.exit(f"{program} is missing; `make bench-build` builds it")

    def fill_records(self, folder, count):
        if count > 0:
            self.filled_records = folder / "filled.db"
            subprocess.run([self.records, "fill", self.filled_records, str(count)], check=True)

    def note_dropped_records(self, metrics):
        for line in metrics.splitlines():
            if line.startswith("rp_telemetry_dropped_total"):
                self.dropped_records += int(float(line.split()[-1]))

    def run_load(self, port, pids, **options):
        self.loads += 1
        options |= {"port": port, "run": f"bench-{self.loads}", "pids": ",".join(map(str, pids))}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        done = subprocess.run([self.load, *arguments], stdout=subprocess.PIPE, timeout=30, check=True)
        result = json.loads(done.stdout)
        self.errors += result["errors"]
        if result["count"] == 0:
            sys.exit(f"nothing was answered: {options}")
        return result


def cpu_us(load):
    return 1e6 * load["cpu_seconds"] / load["count"]


def streams_of(bench, port, pids, count):
    load = bench.run_load(port, pids, mode="sse", connections=count, warmup_ms=RAMP_MS, window_ms=WINDOW_MS)
    return load, (load["open_bytes"] - load["idle_bytes"]) / count / 1024


def http_turn(bench, program, folder, upstream):
    folder.mkdir()
    with program(bench, folder, upstream) as (port, pids):
        def json_load(**options):
            return bench.run_load(port, pids, mode="json", **options)

        def busy(connections=64, window_ms=SHORT_WINDOW_MS, **options):
            return json_load(connections=connections, window_ms=window_ms, **options)

        json_load(connections=8, rate=500, warmup_ms=0, window_ms=500)
        # First, while the heap is still small: memory per stream is its growth.
        sse, stream_kb = streams_of(bench, port, pids, STREAMS)
        many, _ = streams_of(bench, port, pids, STREAM_COUNTS[1])
        latency = json_load(connections=64, rate=LATENCY_RATE, window_ms=2000)
        small = busy(window_ms=WINDOW_MS)
        others = {
            "cpu_json_twenty": busy(sessions="twenty"),
            "cpu_json_large": busy(body_bytes=LARGE_BODY),
            "cpu_json_1": busy(connections=1),
            "cpu_json_1000": busy(connections=1000),
        }
    return {name: cpu_us(load) for name, load in others.items()} | {
        "cpu_json": cpu_us(small),
        "cpu_event": cpu_us(sse),
        "cpu_event_many": cpu_us(many),
        "stream_kb": stream_kb,
        "idle_mb": sse["idle_bytes"] / 2**20,
        "json_rate": small["count"] / small["seconds"],
        "json_p50": latency["p50_us"], "json_p99": latency["p99_us"],
        "event_p50": sse["p50_us"], "event_p99": sse["p99_us"],
    }


def tls_turn(bench, program, folder, upstream):
    folder.mkdir()
    with program(bench, folder, upstream) as (port, pids):
        bench.run_load(port, pids, mode="json", connections=8, rate=500, warmup_ms=0, window_ms=500)
        load = bench.run_load(port, pids, mode="json", connections=64, window_ms=SHORT_WINDOW_MS)
    return {"cpu_json_tls": cpu_us(load)}


def socket_turn(bench, program, folder, upstream):
    """WebSocket in a fresh process, so that its memory starts small."""
    folder.mkdir()
    with program(bench, folder, upstream) as (port, pids):
        def load(mode, **options):
            return bench.run_load(port, pids, mode=mode, **options)

        load("sockets-turns", connections=4, rate=100, warmup_ms=100, window_ms=500)
        idle = load("sockets-idle", connections=IDLE_SOCKETS, warmup_ms=RAMP_MS, window_ms=500)
        streams = load("sockets-streams", connections=ACTIVE_SOCKETS, warmup_ms=RAMP_MS, window_ms=WINDOW_MS)
        turns = load("sockets-turns", connections=64, rate=LATENCY_RATE / 2, warmup_ms=500, window_ms=2000)
    return {
        "socket_kb": (idle["open_bytes"] - idle["idle_bytes"]) / IDLE_SOCKETS / 1024,
        "cpu_socket_event": cpu_us(streams),
        "socket_event_p50": streams["p50_us"], "socket_event_p99": streams["p99_us"],
        "turn_p50": turns["p50_us"], "turn_p99": turns["p99_us"],
    }


def session_turn(bench, program, folder, upstream):
    """Latency of requests that begin a session, and of those that go on with one."""
    folder.mkdir()
    with program(bench, folder, upstream) as (port, pids):
        def load(sessions):
            return bench.run_load(port, pids, mode="json", connections=64, rate=LATENCY_RATE,
                                  sessions=sessions, warmup_ms=500, window_ms=2000)
        loads = {"fresh": load("fresh"), "known": load("known")}
    return {f"{name}_{share}": loads[name][f"{share}_us"] for name in loads for share in ("p50", "p99")}


def translation_turn(bench, folder, upstream):
    """Latency of a small request through one process, by the wire format of its provider."""
    measured = {}
    folder.mkdir()
    with programs.rp_server_with_aliases(bench, folder, upstream) as (port, pids):
        for store in ("false", "true"):
            for name in ("direct", *programs.WIRE_APIS):
                at = upstream.port if name == "direct" else port
                latency = bench.run_load(at, pids, mode="json", connections=16, rate=LATENCY_RATE,
                                         body_bytes=SMALL_BODY, model=f"bench/{name}", store=store,
                                         sessions="fresh", warmup_ms=500, window_ms=WINDOW_MS)
                measured[name, store] = latency["p50_us"]
    return measured


def median(turns, key):
    return statistics.median(turn[key] for turn in turns)
