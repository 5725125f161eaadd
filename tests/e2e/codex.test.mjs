// The real Codex CLI over HTTP, through rp-server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Child, startPair, withDeadline } from './harness.mjs';

// Many keys, so that two requests on one resource are no accident.
const kKeys = Array.from({ length: 8 }, (_, index) => `sk-test-key-number-${index + 1}`);

const kConfig = `
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

// Stands between Codex and rp-server and keeps the bodies as Codex sent them.
async function startRecorder(t, server) {
  const bodies = [];
  const recorder = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body.toString());
      const { method, headers } = request;
      const forwarded = http.request(server.url + request.url, { method, headers }, (answer) => {
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
  return { bodies, baseUrl: `http://127.0.0.1:${recorder.address().port}/v1` };
}

// One turn of `codex exec`: its events, after it ended well.
async function codex(t, config, overrides, prompt) {
  const home = mkdtempSync(join(tmpdir(), 'rp-codex-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'config.toml'), config);
  const child = new Child(
    process.env.CODEX,
    ['exec', '--skip-git-repo-check', '--json', '--disable', 'plugins', '--disable', 'remote_plugin',
      '--disable', 'apps', ...overrides, prompt],
    { cwd: home, env: { HOME: home, CODEX_HOME: home, CODEX_TEST_KEY: 'sk-of-codex', TERM: 'dumb' } },
  );
  child.process.stdin.end();
  const events = [];
  for (let line; (line = await child.line()) !== undefined; ) events.push(JSON.parse(line.input));
  assert.equal(await withDeadline(child.exited, 'codex'), 0, child.output);
  return events;
}

const itemsOf = (events, type) =>
  events.filter((event) => event.type === 'item.completed' && event.item.type === type)
    .map((event) => event.item);

test('a plain turn, with the provider given on the command line', async (t) => {
  const rules = [{ replies: [{ stream: { id: 'resp_1', deltas: ['Hello ', 'Codex.'] } }] }];
  const { upstream, server } = await startPair(t, { rules, keys: kKeys });
  const { bodies, baseUrl } = await startRecorder(t, server);
  const overrides = [
    ['model_provider', '"proxy"'],
    ['model', '"gpt-4.1-mini"'],
    ['model_providers.proxy.name', '"Responses Proxy"'],
    ['model_providers.proxy.base_url', `"${baseUrl}"`],
    ['model_providers.proxy.wire_api', '"responses"'],
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const events = await codex(t, kConfig, overrides, 'Say hello.');

  assert.deepEqual(itemsOf(events, 'agent_message').map((item) => item.text), ['Hello Codex.']);
  const { usage } = events.find((event) => event.type === 'turn.completed');
  assert.deepEqual([usage.input_tokens, usage.output_tokens], [11, 7]);

  const requests = await upstream.requests();
  assert.equal(requests.length, 1);
  assert.ok(bodies[0].includes('Say hello.'));
  assert.equal(requests[0].body, bodies[0]);
  assert.equal(requests[0].header('accept'), 'text/event-stream');
  assert.match(requests[0].header('user-agent'), /^codex_exec\//);
  assert.ok(requests[0].header('x-codex-turn-metadata'));
  assert.ok(kKeys.includes(requests[0].key));

  const [row] = await server.rows(1);
  assert.equal(row.model, 'gpt-4.1-mini');
  assert.equal(row.session_id, requests[0].header('session-id'));
  assert.deepEqual([row.input_tokens, row.output_tokens, row.total_tokens], [11, 7, 18]);
});

test('a turn with a tool call stays on one resource', async (t) => {
  const call = { id: 'resp_1', call_id: 'call_1', name: 'exec_command' };
  call.arguments = JSON.stringify({ cmd: 'echo the answer is $((6*7))' });
  const usage = { input: 100, output: 20, cached: 40 };
  const rules = [
    {
      replies: [
        { function_call: { ...call, usage } },
        { stream: { id: 'resp_2', deltas: ['It is ', '42.'], usage } },
      ],
    },
  ];
  const { upstream, server } = await startPair(t, { rules, keys: kKeys });
  const { bodies, baseUrl } = await startRecorder(t, server);
  const provider = `
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
  const events = await codex(t, provider, [], 'What is six times seven?');

  const [command] = itemsOf(events, 'command_execution');
  assert.equal(command.exit_code, 0);
  assert.match(command.aggregated_output, /the answer is 42/);
  assert.equal(itemsOf(events, 'agent_message').at(-1).text, 'It is 42.');

  const requests = await upstream.requests();
  assert.deepEqual(requests.map((request) => request.body), bodies);
  assert.equal(requests.length, 2);
  const { input } = JSON.parse(requests[1].body);
  const output = input.find((item) => item.type === 'function_call_output');
  assert.equal(output.call_id, 'call_1');
  assert.match(output.output, /the answer is 42/);
  assert.equal(requests[0].key, requests[1].key);
  assert.ok(!JSON.stringify(requests.map((request) => request.headers)).includes('sk-of-codex'));

  const rows = (await server.rows(2)).reverse();
  const session = requests[0].header('session-id');
  for (const row of rows) {
    assert.equal(row.session_id, session);
    assert.equal(row.status_code, 200);
    assert.deepEqual([row.input_tokens, row.output_tokens, row.total_tokens], [100, 20, 120]);
  }
  assert.equal(rows[0].resource_id, rows[1].resource_id);
  const decisions = (await server.rows(2, 'decisions')).reverse();
  assert.deepEqual(decisions.map((decision) => decision.reason), [
    'weighted_least_connections',
    'session_affinity',
  ]);
});
