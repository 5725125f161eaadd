// Starts rp-server and scripted upstreams as child processes, on free ports, and stops them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const kPatience = 30_000; // after that a wait fails its test
const kKeys = ['sk-test-key-one', 'sk-test-key-two'];

export function binary(variable) {
  assert.ok(process.env[variable], `${variable} must name the program to test`);
  return process.env[variable];
}

// Nothing of the caller's environment reaches the children, but for the sanitizers' options.
function cleanEnvironment(extra) {
  const kept = ['PATH', 'HOME', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS'];
  const inherited = kept.filter((name) => name in process.env);
  return { ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])), ...extra };
}

export function withDeadline(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), kPatience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Asks until the answer is right; for what only shows from outside a little later.
export async function eventually(what, probe) {
  const deadline = Date.now() + kPatience;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export class Child {
  constructor(command, args, { env = {}, cwd } = {}) {
    this.name = command.split('/').pop();
    this.output = ''; // both streams
    this.process = spawn(command, args, { env: cleanEnvironment(env), cwd });
    this.exited = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve(signal ?? code));
    });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.process.stderr.on('data', (bytes) => (this.output += bytes));
  }

  // The next line of standard output that matches; `undefined` when the output has ended.
  async line(pattern = /^/) {
    for (;;) {
      const { value, done } = await withDeadline(this.lines.next(), `a line of ${this.name}`);
      if (done) return undefined;
      this.output += `${value}\n`;
      const match = value.match(pattern);
      if (match) return match;
    }
  }
}

const withHeader = (request) => ({
  ...request,
  header: (name) => request.headers.find(([n]) => n.toLowerCase() === name)?.[1],
});

export class Upstream {
  static program = 'RP_SCRIPTED_UPSTREAM';

  static async start(rules = []) {
    const upstream = new this();
    upstream.child = new Child(binary(this.program), []);
    upstream.port = Number((await upstream.child.line()).input);
    if (rules.length > 0) await upstream.add(rules);
    return upstream;
  }

  // One command at a time: the answers come in order and carry no names.
  async command(command) {
    const before = this.pending;
    this.pending = (async () => {
      await before;
      this.child.process.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse((await this.child.line()).input);
    })();
    const answer = await this.pending;
    assert.equal(answer.error, undefined);
    return answer;
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.port}/v1`;
  }
  async add(rules) {
    await this.command({ do: 'add', rules });
  }
  async openGate(name) {
    await this.command({ do: 'open_gate', name });
  }
  // what: 'requests' or 'aborted' (n or more so far), 'idle' (nothing in flight); of a SocketUpstream
  // 'messages', 'handshakes' and 'ends' as well
  async wait(what, n = 1) {
    const answer = await this.command({ do: 'wait', for: what, n });
    assert.ok(answer.ok, `the upstream waited too long for ${what}`);
  }
  async counts() {
    return (await this.command({ do: 'state' })).counts;
  }
  // With `header(name)`; fields of HTTP are found whatever their case.
  async requests() {
    const { requests } = await this.command({ do: 'state' });
    return requests.map(withHeader);
  }
  async stop() {
    this.child.process.stdin.end();
    assert.equal(await withDeadline(this.child.exited, 'the upstream to stop'), 0);
  }
}

// Speaks WebSocket as well, on the same port. Turns are replies, as in rules.
export class SocketUpstream extends Upstream {
  static program = 'RP_SCRIPTED_SOCKET_UPSTREAM';

  async turns(replies, key = '') {
    await this.command({ do: 'turns', key, replies });
  }
  // Every handshake from now on; 426 and 404 are what an upstream without WebSocket says.
  async refuseSockets(status) {
    await this.command({ do: 'refuse_sockets', status });
  }
  // For the next handshakes; see scripted_socket_upstream_main.cpp.
  async socketsNext(scripts) {
    await this.command({ do: 'sockets_next', scripts });
  }
  // { counts, handshakes, messages, ends }; messages have their `json`.
  async sockets() {
    const state = await this.command({ do: 'sockets' });
    const messages = state.messages.map((message) => ({ ...message, json: JSON.parse(message.text) }));
    return { ...state, handshakes: state.handshakes.map(withHeader), messages };
  }
}

export class Server {
  // keys: one resource each; see idOf() for their ids.
  static async start({ upstream, keys = kKeys, env = {}, args = [] }) {
    const server = new Server();
    server.keys = keys;
    server.args = args;
    server.folder = mkdtempSync(join(tmpdir(), 'rp-e2e-'));
    const numbered = keys.map((key, index) => [`OPENAI_API_KEY_${index + 1}`, key]);
    server.env = {
      PROXY_PORT: '0',
      ...(upstream && { PROXY_UPSTREAM_BASE_URL: upstream.baseUrl }),
      PROXY_SQLITE_URL: `sqlite:///${server.folder}/proxy.sqlite3`,
      PROXY_HEALTH_CHECK_ENABLED: 'false',
      PROXY_DRAIN_TIMEOUT_SECONDS: '5',
      ...Object.fromEntries(numbered),
      ...env,
    };
    await server.#launch();
    return server;
  }

  async #launch() {
    this.child = new Child(binary('RP_SERVER'), this.args, { cwd: this.folder, env: this.env });
    this.child.process.stderr.pipe(process.stderr);
    const ready = await this.child.line(/^rp-server listening on (https?:\/\/\S+)$/);
    assert.ok(ready, `rp-server ended before it was ready:\n${this.child.output}`);
    this.url = ready[1];
  }

  async #terminate() {
    this.child.process.kill('SIGTERM');
    while ((await this.child.line()) !== undefined);
    const code = await withDeadline(this.child.exited, 'rp-server to stop');
    assert.equal(code, 0, 'exit code of rp-server');
    for (const key of this.keys) {
      assert.ok(!this.child.output.includes(key), 'a key stands in the output of rp-server');
    }
  }

  // With the same environment and data, on another port. between(): done while it does not run.
  async restart(between = () => {}) {
    await this.#terminate();
    await between();
    await this.#launch();
  }

  // After it has ended.
  async relaunch() {
    await this.#launch();
  }

  // kill -9, then as restart().
  async crash() {
    this.child.process.kill('SIGKILL');
    assert.equal(await withDeadline(this.child.exited, 'rp-server to die'), 'SIGKILL');
    await this.#launch();
  }

  async stop() {
    try {
      await this.#terminate();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  get baseUrl() {
    return `${this.url}/v1`;
  }
  async admin(path) {
    const response = await fetch(`${this.url}/admin/${path}`);
    assert.equal(response.status, 200, `/admin/${path}`);
    return response.json();
  }
  async resources() {
    return (await this.admin('state')).resources;
  }
  // As docs/configuration.md says: made from base URL and key.
  idOf(key) {
    const digest = createHash('sha256').update(`${this.env.PROXY_UPSTREAM_BASE_URL}\n${key}`);
    return `openai-${digest.digest('hex').slice(0, 8)}`;
  }
  keyOf(resourceId) {
    return this.keys.find((key) => this.idOf(key) === resourceId);
  }
  // All durable rows, newest first.
  async allRows(list = 'requests') {
    const rows = [];
    for (let cursor = ''; ; ) {
      const page = await this.admin(`${list}?limit=100&cursor=${cursor}`);
      rows.push(...page.data);
      cursor = page.next_cursor;
      if (!cursor) return rows;
    }
  }
  // Until no resource has a request in flight.
  async idle() {
    await eventually('all slots to be free', async () =>
      (await this.resources()).every((resource) => resource.in_flight === 0));
  }
  // The durable rows, newest first, once there are n of them.
  async rows(n, list = 'requests') {
    return eventually(`${n} rows of ${list}`, async () => {
      const { data } = await this.admin(`${list}?limit=100`);
      return data.length >= n && data;
    });
  }
}

// An upstream and a server in front of it, stopped at the end of test `t`.
export async function startPair(t, { rules = [], kind = Upstream, ...options } = {}) {
  const upstream = await kind.start(rules);
  let server;
  t.after(async () => {
    try {
      await server?.stop();
    } finally {
      await upstream.stop();
    }
  });
  server = await Server.start({ upstream, ...options });
  return { upstream, server };
}

// A stream of which `begun` has come; the function returned reads it to its end.
export async function openStream(server) {
  const answer = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, input: 'x' }),
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('begun')) text += (await reader.read()).value;
  return async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
    return text;
  };
}
