"""The programs that bench/relay compares, each a context: it starts freshly, on a port of its own, in
a folder of its own, and yields (port, pids whose CPU and memory count)."""
import contextlib, json, os, pathlib, resource, shutil, signal, socket, subprocess, sys, time, urllib.request

WORKERS = 2  # of every program

NGINX_CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes {workers};
worker_rlimit_nofile {files};
{user}
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  upstream mock {{
    server 127.0.0.1:{upstream_port};
    keepalive 4096;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} {listen} reuseport backlog=4096;
    {server}
    location / {{
      proxy_pass {scheme}://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

HAPROXY_CONFIG = """
global
  nbthread {workers}
  maxconn {files}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-no-delay
  http-reuse always
listen relay
  bind 127.0.0.1:{port} backlog 4096
  server mock 127.0.0.1:{upstream_port} {server}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(port, process, log, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    sys.exit(f"{process.args[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def wait_for_children(pid, count):
    """The socket listens before all workers are forked; one that is missed would be uncounted."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if len(children) == count:
            return list(map(int, children))
        time.sleep(0.02)
    sys.exit(f"process {pid} should have {count} workers, not {len(children)}")


@contextlib.contextmanager
def running(command, folder, environment=None, stdout=None):
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=stdout or out, stderr=out)
    try:
        yield process, log
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            print(f"{command[0]} did not end within 10 s of SIGTERM", file=sys.stderr)


def installed(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    return path or sys.exit(f"{program} is not installed (scripts/setup bench installs it)")


def open_files():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Upstream:
    """Where a program relays to: the mock, or what takes TLS in front of it."""

    def __init__(self, port, certificate=None):
        self.port, self.certificate = port, certificate
        self.scheme = "https" if certificate else "http"


@contextlib.contextmanager
def direct(_bench, _folder, upstream):
    yield upstream.port, []


@contextlib.contextmanager
def started_nginx(folder, upstream, listen="", server="", workers=WORKERS):
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(
        folder=folder, port=port, upstream_port=upstream.port, scheme=upstream.scheme, workers=workers,
        files=open_files(), listen=listen, server=server, user="user root;" if os.geteuid() == 0 else ""))
    command = [installed("nginx"), "-p", folder, "-c", config, "-e", folder / "error.log"]
    with running(command, folder) as (process, log):
        wait_until_up(port, process, log)
        yield port, [process.pid, *wait_for_children(process.pid, workers)]


@contextlib.contextmanager
def nginx(_bench, folder, upstream):
    with started_nginx(folder, upstream) as started:
        yield started


@contextlib.contextmanager
def haproxy(_bench, folder, upstream):
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY_CONFIG.format(
        port=port, upstream_port=upstream.port, workers=WORKERS, files=open_files() // 4,
        server=f"ssl verify required ca-file {upstream.certificate}" if upstream.certificate else ""))
    with running([installed("haproxy"), "-f", config, "-db"], folder) as (process, log):
        wait_until_up(port, process, log)
        yield port, [process.pid]


def server_environment(folder, port, upstream):
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_API_KEYS": ",".join(f"sk-bench-key-{n:08}" for n in range(4)),
        "PROXY_UPSTREAM_BASE_URL": f"{upstream.scheme}://127.0.0.1:{upstream.port}/v1",
        "PROXY_PORT": str(port),
        "PROXY_IO_THREADS": str(WORKERS),
        "PROXY_HEALTH_CHECK_ENABLED": "false",
        "PROXY_SQLITE_URL": f"sqlite:///{folder}/records.db",
    }
    if upstream.certificate:
        environment["PROXY_UPSTREAM_CA_FILE"] = str(upstream.certificate)
    return environment


@contextlib.contextmanager
def rp_server(bench, folder, upstream, extra=None, program=None):
    """With a copy of the file of records that the run has filled, if it has one."""
    port = free_port()
    environment = server_environment(folder, port, upstream) | (extra or {})
    if bench.filled_records:
        shutil.copy(bench.filled_records, folder / "records.db")
    with running([program or bench.rp_server], folder, environment) as (process, log):
        wait_until_up(port, process, log)
        yield port, [process.pid]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            bench.note_dropped_records(answer.read().decode())


@contextlib.contextmanager
def rp_server_with_redis(bench, folder, upstream):
    redis_socket = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", redis_socket, "--save", ""]
    with running(command, folder):
        while not redis_socket.exists():
            time.sleep(0.02)
        extra = {"PROXY_REDIS_URL": f"unix://{redis_socket}", "PROXY_IN_PROCESS_WORKER": "true"}
        with rp_server(bench, folder, upstream, extra) as started:
            yield started


# One provider in each wire format, the same mock behind all of them.
WIRE_APIS = ("responses", "chat_completions", "anthropic_messages")


@contextlib.contextmanager
def rp_server_with_aliases(bench, folder, upstream):
    registry = folder / "registry.json"
    registry.write_text(json.dumps({
        "providers": [{"id": name, "wire_api": name, "base_url": f"http://127.0.0.1:{upstream.port}/v1",
                       "auth_type": "none", "health_path": None} for name in WIRE_APIS],
        "models": [{"alias": f"bench/{name}", "provider_id": name,
                    "upstream_id": "claude-opus-4-7" if name.startswith("anthropic") else "gpt-5"}
                   for name in WIRE_APIS]}))
    with rp_server(bench, folder, upstream, {"PROXY_REGISTRY_FILE": str(registry)}) as started:
        yield started


@contextlib.contextmanager
def mock(bench, folder, interval_ms, events):
    command = [bench.mock, f"--interval-ms={interval_ms}", f"--events={events}"]
    with running(command, folder, stdout=subprocess.PIPE) as (process, _):
        yield Upstream(int(process.stdout.readline()))


@contextlib.contextmanager
def with_tls(folder, upstream):
    """An nginx of its own takes TLS in front of the mock; its cost is nobody's."""
    folder.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    files = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    with started_nginx(folder, upstream, listen="ssl", server=files) as (port, _):
        yield Upstream(port, certificate)


def raise_limits(needed):
    """Each connection is two descriptors in a relay; ends the run where that many are not allowed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"the limit of open files (ulimit -Hn: {hard}) must be at least {needed}")
    soft = 4 * needed if hard == resource.RLIM_INFINITY else min(hard, 4 * needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def end_after(seconds):
    """Nothing hangs unseen."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the run took too long"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    signal.alarm(seconds)
