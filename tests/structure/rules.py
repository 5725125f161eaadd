"""The rules that the compiler and the linker do not check. Each takes a Tree and yields what breaks it, one line each.

What may include what is not written here: it is derived from the rp_module calls of lib/CMakeLists.txt, so that it stands
once. Where a rule has exceptions, they stand here, each with its reason.
"""
import functools, pathlib, re

# Public headers that may include third-party ones.
THIRD_PARTY_ALLOWED = {
    "include/responses_proxy/event_loop.h": "a host shares its event loops",
    "include/responses_proxy/responses_proxy_c.h": "the standard library of C",
}

# Files of lib/ and include/ that may ask the operating system for time or randomness; the rest is given Clock, Timers and Random.
SYSTEM_TIME = re.compile(
    r"\b(?:steady|system|high_resolution)_clock\s*::\s*now\b|\bclock_type\s*::\s*now\b|\bSystemClock\b|"
    r"\b(?:steady|system|high_resolution|deadline)_timer\b|\b(?:clock_gettime|gettimeofday)\b|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)|"
    r"\brandom_device\b|\bmt19937(?:_64)?\b|\busing\s+\w+\s*=\s*std::chrono::\w+_clock\s*;")
TIME_ALLOWED = {
    "include/responses_proxy/clock.h": "SystemClock itself",
    "lib/c_api/picker.h": "hosts of the C interface have no clock to give",
    "lib/core/loop_timers.h": "timers of a loop that runs in real time",
    "lib/core/loop_timers.cpp": "timers of a loop that runs in real time",
    "lib/core/random.cpp": "the seed of a process",
    "lib/runtime/runtime.cpp": "makes the clock that it gives to all others",
    "lib/runtime/telemetry_worker.cpp": "makes the clock that it gives to the worker",
}

# Files where a thread of its own waits for real time to pass. What is decided by the time is decided by a Clock, here too.
REAL_PAUSE = re.compile(r"(?:\.|->)wait_(?:for|until)\s*\(|\bsleep_(?:for|until)\b")
PAUSES_ALLOWED = {
    "lib/control/health_endpoints.cpp": "a request of the control plane waits for the checks",
    "lib/control/state_feed.h": "a viewer waits for news",
    "lib/core/periodic_thread.cpp": "a thread that may block does its work now and then",
    "lib/demo/demo_upstream.cpp": "writes at the pace of a model",
    "lib/health/provider_tester.cpp": "a request of the control plane waits for a provider",
    "lib/runtime/runtime.cpp": "the host's thread waits until all exchanges have ended",
    "lib/shared_state/redis_state_store.cpp": "a request of the control plane waits for Redis",
    "lib/postgres/socket_deadlines.cpp": "the thread that ends blocking I/O which is late",
    "lib/storage/connection_pool.cpp": "a request of the control plane waits for a connection",
    "lib/telemetry/batch_writer.cpp": "the writer waits for the next batch",
    "lib/telemetry/queue_sink.cpp": "the feeder waits for records and retries, flush() for its end",
    "lib/record_stream/stream_worker.cpp": "the worker pauses after a failure",
}

# Error codes, header names and event words of a provider's API. What the proxy itself says to its clients, or takes from
# them, it says in the words of the Responses API, which they speak.
DIALECT_WORD = re.compile(
    r'"(?:response\.\w+|codex\.\w+|x-codex-|x-ratelimit|openai-(?:model|beta|processing)|insufficient_quota|'
    r"invalid_encrypted_content|server_is_overloaded|websocket_connection_limit_reached|context_length_exceeded|slow_down|"
    r"previous_response_not_found|model_not_found|invalid_api_key|rate_limit_exceeded)")
WORDS_ALLOWED = {
    "include/responses_proxy/answer.h": "an answer that was steered, as every dialect gives it out",
    "include/responses_proxy/error.h": "the code of the proxy's own 429",
    "lib/proxy/token_gate.cpp": "a client token that is none",
    "lib/proxy/web_socket/client_message.h": "what clients send",
    "lib/proxy/web_socket/session.cpp": "what clients send, and what becomes of steering",
    "lib/route/request_facts.cpp": "a request names a response that cannot be one",
    "lib/route/table_router.cpp": "a model that is not served here",
}

# Names in public headers that no public header defines.
PRIVATE_NAMES_ALLOWED = {
    "httplib::Server": "the control plane is mounted on a server of the host",
    "x509_store_st": "OpenSSL's X509_STORE, without its header",
}

# What a host includes that stops at one level, and what must not come with it.
LEAVES = {
    "include/responses_proxy/dialect.h": "router routing_table state_store resource_state lease load_balancer request_record config event_loop",
    "include/responses_proxy/load_balancer.h": "dialect request_record telemetry_sink upstream_client config event_loop",
}


class Tree:
    """The sources of a project: lib/, server/ and include/."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = {}  # "lib/core/json.h" -> text
        for folder in ("include", "lib", "server"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in (".h", ".cpp"):
                    self.files[path.relative_to(self.root).as_posix()] = path.read_text()

    @functools.cached_property
    def modules(self):
        """Each module, in order, with the modules it may include: itself and what it stands on, however indirectly."""
        closures = {}
        listing = (self.root / "lib" / "CMakeLists.txt").read_text()
        for name, arguments in re.findall(r"^rp_module\((\w+)([^)]*)\)", listing, re.M):
            depends = re.search(r"DEPENDS((?:\s+[a-z_]+)+)", arguments)
            closures[name] = {name}
            for below in depends[1].split() if depends else ():
                closures[name] |= closures.get(below, {below})
        return closures

    def includes(self, file):
        """(line number, text between the quotes or brackets, whether in quotes)"""
        for number, line in enumerate(self.files[file].splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
            if found:
                yield number, found[2], found[1] == '"'

    def resolve(self, include):
        """The file of the project that an include in quotes means, or None."""
        for candidate in (f"include/{include}", f"lib/{include}", include):
            if candidate in self.files:
                return candidate
        return None


def module_of(file):
    parts = file.split("/")
    return parts[1] if parts[0] == "lib" else None


def arrows_go_down(tree):
    """A module includes itself, the public headers and the modules it stands on."""
    for name, closure in tree.modules.items():
        known = list(tree.modules)
        for below in closure - {name}:
            if below not in known or known.index(below) > known.index(name):
                yield f"lib/CMakeLists.txt: module {name} depends on {below}, which does not stand above it"
    for file in tree.files:
        module = module_of(file)
        if module is not None and module not in tree.modules:
            yield f"{file}: lib/CMakeLists.txt has no rp_module({module})"
            continue
        for number, include, quoted in tree.includes(file):
            target = tree.resolve(include) if quoted else None
            if quoted and target is None and module:
                yield f"{file}:{number}: {include} is no file of the project, seen from include/ or lib/"
            if target is None or target.startswith("include/") or file.startswith("server/"):
                continue
            if file.startswith("lib/") and module_of(target) not in tree.modules[module]:
                above = module_of(target) or "server"
                yield f"{file}:{number}: {module} may not include {include}: it does not stand on {above} (lib/CMakeLists.txt)"


def is_third_party(include):
    return "/" in include or "." in include


def public_headers_are_public(tree):
    """They include public headers and the standard library, and name nothing private, in comments neither."""
    public_text = "".join(text for file, text in tree.files.items() if file.startswith("include/"))
    for file, text in tree.files.items():
        if not file.startswith("include/"):
            continue
        for number, include, quoted in tree.includes(file):
            if quoted and not include.startswith("responses_proxy/"):
                yield f"{file}:{number}: a public header may not include {include}"
            if not quoted and is_third_party(include) and file not in THIRD_PARTY_ALLOWED:
                yield f"{file}:{number}: a public header may not include <{include}> of another library"
        for number, line in enumerate(text.splitlines(), 1):
            private = re.search(rf"\b(?:{'|'.join(tree.modules)})/\w+(?:/\w+)*\.(?:h|cpp)\b", line)
            if private:
                yield f"{file}:{number}: a public header may not name {private[0]}"
            forward = re.match(r"(?:class|struct) (\w+);", line)
            if not forward:
                continue
            scopes = re.findall(r"^namespace (?:RP_PUBLIC )?([\w:]+) \{", "\n".join(text.splitlines()[:number]), re.M)
            name = "::".join([*scopes[-1:], forward[1]]).removeprefix("responses_proxy::")
            defined = re.search(rf"^(?:class|struct)(?: alignas\(\d+\))? {forward[1]}\b[^;]*\{{", public_text, re.M)
            if not defined and name not in PRIVATE_NAMES_ALLOWED:
                yield f"{file}:{number}: {name} is defined in no public header"


def public_headers_are_exported(tree):
    """The shared libraries show what public headers declare, and nothing else."""
    for file, text in tree.files.items():
        public = file.startswith("include/")
        for number, line in enumerate(text.splitlines(), 1):
            if not public and re.match(r"namespace RP_PUBLIC\b", line):
                yield f"{file}:{number}: RP_PUBLIC is for public headers"
            if public and re.match(r"namespace responses_proxy\b", line):
                yield f"{file}:{number}: write namespace RP_PUBLIC responses_proxy, or the shared library hides what is declared here"


def reached_from(tree, file):
    """The file and all that it includes, however indirectly."""
    reached, left = set(), [file]
    while left:
        if (current := left.pop()) not in reached:
            reached.add(current)
            left += [t for _, include, quoted in tree.includes(current) if quoted and (t := tree.resolve(include))]
    return reached


def levels_stand_alone(tree):
    """Who only translates includes no routing, and who only picks nothing of requests; the umbrella has all of it."""
    for leaf, unwanted in LEAVES.items():
        for name in unwanted.split():
            if leaf in tree.files and f"include/responses_proxy/{name}.h" in reached_from(tree, leaf):
                yield f"{leaf}: {name}.h comes with it, which its level has no use for (LEAVES)"
    umbrella = "include/responses_proxy/responses_proxy.h"
    if umbrella in tree.files:
        public = {file for file in tree.files if file.startswith("include/")}
        for missing in sorted(public - reached_from(tree, umbrella)):
            yield f"{umbrella}: does not include {missing.removeprefix('include/')}"


MAX_REQUIRED = 5


def interfaces_are_small(tree):
    """Who implements a class of the public headers writes at most MAX_REQUIRED functions for it, those of its bases included."""
    classes = {}  # name -> (where, functions of its own, bases)
    for file, text in tree.files.items():
        if not file.startswith("include/"):
            continue
        text = without_comments(text)
        for found in re.finditer(r"^class (\w+)([^;{]*)\{", text, re.M):
            body = text[found.end():text.index("\n};", found.end())]
            number = text.count("\n", 0, found.start()) + 1
            classes[found[1]] = (f"{file}:{number}", len(re.findall(r"=\s*0\s*;", body)), re.findall(r"\bpublic (\w+)", found[2]))

    def required(name):
        if name not in classes:
            return 0
        _, own, bases = classes[name]
        return own + sum(required(base) for base in bases) if own else 0

    for name, (where, _, _) in classes.items():
        if (count := required(name)) > MAX_REQUIRED:
            yield f"{where}: {name} has {count} functions that have to be written; at most {MAX_REQUIRED}"


def no_include_cycles(tree):
    """No header includes itself, however indirectly."""
    below = {file: [t for _, i, quoted in tree.includes(file) if quoted and (t := tree.resolve(i))] for file in tree.files}
    done, path = set(), []

    def visit(file):
        if file in path:
            yield f"{file}: includes itself: {' -> '.join(path[path.index(file):] + [file])}"
        elif file not in done:
            path.append(file)
            for target in below[file]:
                yield from visit(target)
            path.pop()
            done.add(file)

    for file in tree.files:
        yield from visit(file)


def without_comments(text):
    """Comments and literals become blanks, lines stay."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda found: " " + "\n" * found[0].count("\n"), text, flags=re.S)


def classes_of(text):
    """(line number, namespace, name) of each class, struct, union and enum that is defined at namespace scope."""
    text = re.sub(r"^\s*#[^\n]*", "", without_comments(text), flags=re.M)
    scopes, depth, start = [], 0, 0
    for found in re.finditer(r"[{};]", text):
        head, begin = text[start:found.start()], start
        start = found.end()
        if found[0] == "}":
            depth -= 1
            if scopes and scopes[-1][0] > depth:
                scopes.pop()
        if found[0] != "{":
            continue
        depth += 1
        if depth - 1 != len(scopes):
            continue  # inside a class or function
        space = re.search(r"\bnamespace\b\s*(?:RP_PUBLIC\s+)?([\w:]*)\s*$", head)
        if space:
            scopes.append((depth, space[1] or "(anonymous)"))
            continue
        kind = re.search(r"(?:^|\s)(?:enum\s+(?:class|struct)|enum|class|struct|union)\s+(?:alignas\([^)]*\)\s*|\[\[\w+\]\]\s*)*"
                         r"(\w+)\s*(?:final\b)?\s*(?::[^:].*)?$", head, re.S)
        if kind and "(" not in head[kind.end(1):]:
            name_at = begin + kind.start(1)
            yield text.count("\n", 0, name_at) + 1, "::".join(name for _, name in scopes), kind[1]


def class_names_stand_once(tree):
    """Two types of one name in one namespace break the one-definition rule, which no linker tells."""
    first = {}
    for file, text in tree.files.items():
        for number, namespace, name in classes_of(text):
            if "(anonymous)" in namespace:
                continue
            where = f"{file}:{number}"
            if (namespace, name) in first:
                yield f"{where}: {namespace}::{name} is defined in {first[namespace, name]} already"
            first.setdefault((namespace, name), where)


def each_line(tree, pattern, allowed):
    """(file:line, what was found) in lib/ and include/, outside of comments and of the allowed files."""
    for file, text in tree.files.items():
        if file.startswith("server/") or file in allowed:
            continue
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            if found := pattern.search(line):
                yield f"{file}:{number}", found[0]


def time_is_injected(tree):
    """lib/ asks the operating system for no time and no randomness."""
    for where, what in each_line(tree, SYSTEM_TIME, TIME_ALLOWED):
        yield f"{where}: {what}: Clock, Timers and Random are arguments (else: an entry in TIME_ALLOWED, with its reason)"


def pauses_have_a_reason(tree):
    """Only a thread that may block waits for real time to pass."""
    for where, what in each_line(tree, REAL_PAUSE, PAUSES_ALLOWED):
        yield f"{where}: {what} blocks its thread: use the loop's timers (else: an entry in PAUSES_ALLOWED, with its reason)"


def words_in(text):
    """(line number, word of a dialect); comments do not count, literals do."""
    for number, line in enumerate(re.sub(r"//[^\n]*", "", text).splitlines(), 1):
        if found := DIALECT_WORD.search(line):
            yield number, found[0].lstrip('"')


def dialect_words_stand_in_dialects(tree):
    """Only lib/dialects, and the demo upstream that plays a provider, know the words of a wire format."""
    for file, text in tree.files.items():
        if file.startswith(("lib/dialects/", "lib/demo/", "server/")) or file in WORDS_ALLOWED:
            continue
        for number, word in words_in(text):
            yield f"{file}:{number}: {word} is a word of a dialect (else: an entry in WORDS_ALLOWED, with its reason)"


def exceptions_are_needed(tree):
    """An exception whose reason is gone goes, too."""
    for file in THIRD_PARTY_ALLOWED:
        if file not in tree.files or not any(is_third_party(include) for _, include, quoted in tree.includes(file) if not quoted):
            yield f"{file} needs no entry in THIRD_PARTY_ALLOWED any more"
    for name, pattern, allowed in (("TIME_ALLOWED", SYSTEM_TIME, TIME_ALLOWED), ("PAUSES_ALLOWED", REAL_PAUSE, PAUSES_ALLOWED)):
        for file in allowed:
            if not pattern.search(without_comments(tree.files.get(file, ""))):
                yield f"{file} needs no entry in {name} any more"
    for file in WORDS_ALLOWED:
        if not any(words_in(tree.files.get(file, ""))):
            yield f"{file} needs no entry in WORDS_ALLOWED any more"
    public_text = "".join(text for file, text in tree.files.items() if file.startswith("include/"))
    for name in PRIVATE_NAMES_ALLOWED:
        if not re.search(rf"^(?:class|struct) {name.split('::')[-1]};", public_text, re.M):
            yield f"{name} needs no entry in PRIVATE_NAMES_ALLOWED any more"


RULES = (arrows_go_down, public_headers_are_public, public_headers_are_exported, levels_stand_alone, interfaces_are_small,
         no_include_cycles, class_names_stand_once, time_is_injected, pauses_have_a_reason,
         dialect_words_stand_in_dialects,
         exceptions_are_needed)
