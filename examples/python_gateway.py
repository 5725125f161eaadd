#!/usr/bin/env python3
"""The C interface from Python, with ctypes alone: picks among keys, and moves on when one is rate limited.

    python_gateway.py [path of libresponses_proxy_core.so]
"""
import ctypes, json, sys

OK, WAIT, REJECT, INVALID, FAILED = range(5)


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class ResponsesProxyError(Exception):
    def __init__(self, result, text):
        super().__init__(text)
        self.result = result


class Library:
    """Each function takes and gives Python's own values; `handle` ones give a pointer beside the answer."""

    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        for name in ("rp_text_free", "rp_destroy", "rp_lease_destroy", "rp_translation_destroy"):
            getattr(self.c, name).restype = None
            getattr(self.c, name).argtypes = [ctypes.c_void_p]
        if self.c.rp_abi() != 1:
            raise ImportError(f"{path} has another interface")

    def _taken(self, answer):
        text = ctypes.string_at(answer.data, answer.size) if answer.size else b""
        self.c.rp_text_free(ctypes.byref(answer))
        return text

    @staticmethod
    def _arguments(values):
        for value in values:
            if isinstance(value, (dict, list)):
                value = json.dumps(value).encode()
            if isinstance(value, bytes):
                yield from (value, ctypes.c_size_t(len(value)))
            elif isinstance(value, str):
                yield value.encode()
            elif isinstance(value, int):
                yield ctypes.c_int64(value)
            else:
                yield value

    def call(self, name, *values):
        answer = Text()
        result = getattr(self.c, name)(*self._arguments(values), ctypes.byref(answer))
        text = self._taken(answer)
        if result != OK:
            raise ResponsesProxyError(result, text.decode())
        return text

    def make(self, name, *values):
        handle = ctypes.c_void_p()
        answer = self.call(name, *values, ctypes.byref(handle))
        return handle, answer


class Balancer:
    def __init__(self, library, setup):
        self.library, self.handle = library, None
        self.handle, _ = library.make("rp_create", setup)

    def pick(self, **wish):
        lease, told = self.library.make("rp_pick", self.handle, wish)
        return Lease(self.library, lease, json.loads(told))

    def describe(self):
        return json.loads(self.library.call("rp_describe", self.handle))

    def __del__(self):
        self.library.c.rp_destroy(self.handle)


class Lease:
    def __init__(self, library, handle, told):
        self.library, self.handle, self.told = library, handle, told

    def finish(self, status, headers, latency_ms):
        return json.loads(self.library.call("rp_finish", self.handle, ctypes.c_int(status), headers, latency_ms))

    def __del__(self):
        self.library.c.rp_lease_destroy(self.handle)


def main():
    library = Library(sys.argv[1] if len(sys.argv) > 1 else "libresponses_proxy_core.so.0.1")
    key = {"base_url": "https://api.openai.com/v1", "pool_id": "interactive"}
    balancer = Balancer(library, {"resources": [{"id": "openai-1", "api_key": "sk-first", **key},
                                                {"id": "openai-2", "api_key": "sk-second", **key}]})
    tried = []
    for status, headers in ((429, [["retry-after", "20"]]), (200, [])):
        lease = balancer.pick(model="gpt-4.1-mini", pool_id="interactive", session_id="session-7", tried=tried)
        print("picked", lease.told["resource_id"], "because of", lease.told["reason"])
        print("now", lease.finish(status, headers, 420))
        tried.append(lease.told["resource_id"])
    assert len(set(tried)) == 2, tried
    try:
        balancer.pick(tried=tried)
    except ResponsesProxyError as error:
        assert error.result == WAIT, error
        print("nobody is left:", json.loads(str(error))["status"])
    health = {one["id"]: one["health"] for one in balancer.describe()["resources"]}
    assert sorted(health.values()) == ["degraded", "healthy"], health
    try:
        Balancer(library, {"resources": [{"id": "openai-1", "base_url": "nowhere"}]})
    except ResponsesProxyError as error:
        assert error.result == INVALID, error
        print("refused:", error)


main()
