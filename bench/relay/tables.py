"""The tables that bench/relay/run prints; turns: program -> its measurements, round by round."""
import statistics

from programs import WIRE_APIS
from turns import ACTIVE_SOCKETS, IDLE_SOCKETS, LATENCY_RATE, STREAM_COUNTS, median


def ratio_of(turns, name, other, key, added=False):
    """The median of the ratios of the rounds."""
    pairs = zip(values(turns, name, key, added), values(turns, other, key, added))
    return statistics.median(own / base if base else float("nan") for own, base in pairs)


def values(turns, name, key, added):
    """added: what the program adds to the direct way of the same round."""
    own = [turn[key] for turn in turns[name]]
    if not added or name == "direct":
        return own
    return [value - base[key] for value, base in zip(own, turns["direct"])]


def markdown(head, rows):
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in (head, ["---"] * len(head), *rows))


def http_table(turns):
    """The relays beside nginx; the first rp-server is judged by the targets."""
    relays = [name for name in turns if name not in ("direct", "nginx")]

    def row(title, key, limit=None, of_nginx=True, has_direct=False, added=False, digits=1):
        def shown(name):
            return f"{statistics.median(values(turns, name, key, added)):.{digits}f}"

        verdict = ""
        if limit is not None:
            judged = (ratio_of(turns, "rp-server", "nginx", key, added) if of_nginx
                      else statistics.median(values(turns, "rp-server", key, added)))
            verdict = f"{limit}{'x' if of_nginx else ''}: {'met' if judged <= limit else 'missed'}"
        cells = [title, shown("direct") if has_direct else "", shown("nginx")]
        for name in relays:
            cells.append(f"{shown(name)} ({ratio_of(turns, name, 'nginx', key, added):.2f}x)")
        return [*cells, verdict]

    rate = row("requests/s, 64 connections", "json_rate", has_direct=True, digits=0)
    enough = ratio_of(turns, "rp-server", "nginx", "json_rate") >= 0.7
    rate[-1] = f"at least 0.7x: {'met' if enough else 'missed'}"
    return markdown(["", "direct", "nginx", *relays, "at most"], [
        row("CPU per JSON request, 1 KB, own session each (us)", "cpu_json", limit=1.5),
        row("the same, 20 requests a session", "cpu_json_twenty", limit=1.5),
        row("the same, 1 connection", "cpu_json_1", limit=1.5),
        row("the same, 1000 connections", "cpu_json_1000", limit=1.5),
        row("CPU per JSON request, 40 KB (us)", "cpu_json_large", limit=1.3),
        row("CPU per JSON request, 1 KB, TLS to the upstream (us)", "cpu_json_tls"),
        row(f"CPU per SSE event, {STREAM_COUNTS[0]} streams (us)", "cpu_event", limit=1.0),
        row(f"CPU per SSE event, {STREAM_COUNTS[1]} streams (us)", "cpu_event_many", limit=1.0),
        row("memory per open stream (KB)", "stream_kb", limit=12, of_nginx=False),
        row("memory when idle (MB)", "idle_mb"),
        row(f"JSON latency at {LATENCY_RATE}/s, p50 (us; added)", "json_p50", limit=1.5, has_direct=True,
            added=True, digits=0),
        row(f"JSON latency at {LATENCY_RATE}/s, p99 (us; added)", "json_p99", limit=2, has_direct=True,
            added=True, digits=0),
        row("event latency, p50 (us; added)", "event_p50", has_direct=True, added=True, digits=0),
        row("event latency, p99 (us; added)", "event_p99", has_direct=True, added=True, digits=0),
        rate,
    ])


def socket_table(turns, socket_turns):
    def of(key):
        return median(socket_turns["rp-server"], key)

    def added(key):
        return statistics.median(values(socket_turns, "rp-server", key, added=True))

    def verdict(value, limit):
        return f"{limit:.0f}: {'met' if value <= limit else 'missed'}"

    per_event = [own["cpu_socket_event"] / sse["cpu_event"]
                 for own, sse in zip(socket_turns["rp-server"], turns["rp-server"])]
    share = statistics.median(per_event)
    return markdown(["WebSocket, both sides", "rp-server", "at most"], [
        [f"memory per idle socket, {IDLE_SOCKETS} of them (KB)", f"{of('socket_kb'):.1f}", verdict(of("socket_kb"), 12)],
        [f"CPU per event, {ACTIVE_SOCKETS} sockets (us)", f"{of('cpu_socket_event'):.1f}", ""],
        ["the same, of an SSE event", f"{share:.2f}x", verdict(share, 1)],
        ["event latency, p50 / p99 (us; added)", f"{added('socket_event_p50'):.0f} / {added('socket_event_p99'):.0f}", ""],
        [f"turn at {LATENCY_RATE // 2}/s, p50 / p99 (us; added)", f"{added('turn_p50'):.0f} / {added('turn_p99'):.0f}", ""],
    ])


def redis_table(turns):
    def cell(program, name):
        p50, p99 = (median(turns[program], f"{name}_{share}") for share in ("p50", "p99"))
        return f"{p50:.0f} / {p99:.0f}"

    return markdown([f"latency at {LATENCY_RATE}/s, p50 / p99 (us)", "direct", "rp-server", "with Redis"], [
        [title, *(cell(program, name) for program in turns)]
        for title, name in (("a new session each", "fresh"), ("known sessions", "known"))])


def translation_table(turns):
    def added(turn, name, store):
        return turn[name, store] - turn["direct", store]

    def row(title, store):
        cells = [title, f"{statistics.median(added(turn, WIRE_APIS[0], store) for turn in turns):.0f}"]
        for name in WIRE_APIS[1:]:
            value = statistics.median(added(turn, name, store) for turn in turns)
            ratio = statistics.median(added(turn, name, store) / added(turn, WIRE_APIS[0], store) for turn in turns)
            cells.append(f"{value:.0f} ({ratio:.2f}x)")
        return cells

    return markdown([f"added latency at {LATENCY_RATE}/s, p50 (us), one process", *WIRE_APIS],
                    [row('1 KB, `"store":false`', "false"), row("1 KB, stored", "true")])
