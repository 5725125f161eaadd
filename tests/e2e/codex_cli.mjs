// The real Codex CLI: one turn at a time, in a home of its own.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Child, withDeadline } from './harness.mjs';

export const kConfig = `
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[analytics]
enabled = false
[feedback]
enabled = false
[otel]
exporter = "none"
metrics_exporter = "none"
trace_exporter = "none"
`;

// The configuration of a provider at that address.
export const providerAt = (baseUrl) => `
model = "gpt-5.5"
model_provider = "proxy"
${kConfig}
[model_providers.proxy]
name = "Responses Proxy"
base_url = "${baseUrl}"
env_key = "CODEX_TEST_KEY"
wire_api = "responses"
supports_websockets = false
`;

// Stands between Codex and rp-server and keeps what Codex sent, and the heads of what it got.
// `before` may do something before the first request is passed on.
export async function startRecorder(t, server, before = async () => {}) {
  const bodies = [];
  const answers = [];
  const recorder = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      if (bodies.push(body.toString()) === 1) await before();
      const { method, headers } = request;
      const forwarded = http.request(server.url + request.url, { method, headers }, (answer) => {
        answers.push({ status: answer.statusCode, retryAfter: answer.headers['retry-after'] });
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      forwarded.on('error', () => response.destroy());
      forwarded.end(body);
    });
  });
  await new Promise((resolve) => recorder.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    recorder.closeAllConnections();
    recorder.close();
  });
  return { bodies, answers, baseUrl: `http://127.0.0.1:${recorder.address().port}/v1` };
}

// A folder of its own for Codex, where it works too.
export function codexHome(t, config) {
  const home = mkdtempSync(join(tmpdir(), 'rp-codex-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'config.toml'), config);
  return home;
}

const environmentOf = (home) => ({ HOME: home, CODEX_HOME: home, CODEX_TEST_KEY: 'sk-of-codex', TERM: 'dumb' });
const kDisabled = ['--disable', 'plugins', '--disable', 'remote_plugin', '--disable', 'apps'];

// One run of `codex exec` in that home: its exit code and its events.
export async function codexExec(home, args) {
  const child = new Child(
    process.env.CODEX,
    ['exec', '--skip-git-repo-check', '--json', ...kDisabled, ...args],
    { cwd: home, env: environmentOf(home) },
  );
  child.process.stdin.end();
  const events = [];
  for (let line; (line = await child.line()) !== undefined; ) events.push(JSON.parse(line.input));
  return { code: await withDeadline(child.exited, 'codex'), events, output: child.output };
}

// One turn of `codex exec`: its exit code and its events.
export const codexTurn = (t, config, overrides, prompt) =>
  codexExec(codexHome(t, config), [...overrides, prompt]);

// The events of a turn that ended well.
export async function codex(t, config, overrides, prompt) {
  const { code, events, output } = await codexTurn(t, config, overrides, prompt);
  assert.equal(code, 0, output);
  return events;
}

// A thread of `codex app-server`: several turns in one process.
export class CodexThread {
  static async start(t, config) {
    return CodexThread.startIn(t, codexHome(t, config));
  }

  static async startIn(t, home) {
    const thread = new CodexThread();
    thread.child = new Child(process.env.CODEX, ['app-server', ...kDisabled],
      { cwd: home, env: environmentOf(home) });
    t.after(() => thread.child.process.kill('SIGKILL'));
    const clientInfo = { name: 'test', title: 'test', version: '1' };
    await thread.request('initialize', { clientInfo });
    thread.send({ method: 'initialized' });
    const started = await thread.request('thread/start', { cwd: home });
    thread.id = started.thread.id;
    return thread;
  }

  send(message) {
    this.child.process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async request(method, params) {
    this.lastId = (this.lastId ?? 0) + 1;
    this.send({ id: this.lastId, method, params });
    const answer = await this.next((message) => message.id === this.lastId);
    assert.equal(answer.error, undefined, JSON.stringify(answer.error));
    return answer.result;
  }

  async next(wanted) {
    for (let line; (line = await this.child.line()) !== undefined; ) {
      const message = JSON.parse(line.input);
      if (wanted(message)) return message;
    }
    throw new Error(`codex app-server ended:\n${this.child.output}`);
  }

  // One turn; what the agent said last.
  async ask(text) {
    await this.request('turn/start', { threadId: this.id, input: [{ type: 'text', text }] });
    let said;
    await this.next(({ method, params }) => {
      if (method === 'item/completed' && params.item.type === 'agentMessage') said = params.item.text;
      return method === 'turn/completed';
    });
    return said;
  }
}

export const itemsOf = (events, type) =>
  events.filter((event) => event.type === 'item.completed' && event.item.type === type)
    .map((event) => event.item);

