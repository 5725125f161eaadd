// The real Codex CLI over HTTP, through rp-server.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codex, itemsOf, kConfig, providerAt, startRecorder } from './codex_cli.mjs';
import { startPair } from './harness.mjs';

// Many keys, so that two requests on one resource are no accident.
const kKeys = Array.from({ length: 8 }, (_, index) => `sk-test-key-number-${index + 1}`);

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
  const events = await codex(t, providerAt(baseUrl), [], 'What is six times seven?');

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
