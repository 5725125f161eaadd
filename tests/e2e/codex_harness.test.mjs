// The real Codex CLI straight at the scripted upstream, over WebSocket: what tests with a proxy in
// between build on.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codex, itemsOf, providerAt } from './codex_cli.mjs';
import { SocketUpstream } from './harness.mjs';

async function start(t) {
  const upstream = await SocketUpstream.start();
  t.after(() => upstream.stop());
  const config = providerAt(upstream.baseUrl)
    .replace('supports_websockets = false', 'supports_websockets = true');
  return { upstream, config };
}

const textOf = (events) => itemsOf(events, 'agent_message').at(-1).text;

test('a warm-up and an increment with a tool call, on one socket', async (t) => {
  const { upstream, config } = await start(t);
  const call = { id: 'resp_call', call_id: 'call_1', name: 'exec_command' };
  call.arguments = JSON.stringify({ cmd: 'echo the answer is $((6*7))' });
  await upstream.turns([{ function_call: call }, { stream: { id: 'resp_end', deltas: ['42.'] } }]);
  const events = await codex(t, config, [], 'What is six times seven?');
  assert.equal(itemsOf(events, 'command_execution')[0].exit_code, 0);
  assert.equal(textOf(events), '42.');

  const { counts, handshakes, messages } = await upstream.sockets();
  assert.equal(counts.handshakes, 1);
  assert.equal(handshakes[0].key, 'sk-of-codex');
  assert.equal(handshakes[0].header('openai-beta'), 'responses_websockets=2026-02-06');
  assert.deepEqual(
    messages.map(({ json }) => [json.type, json.generate, json.previous_response_id]),
    [
      ['response.create', false, undefined],
      ['response.create', undefined, 'resp_1_1'],
      ['response.create', undefined, 'resp_call'],
    ],
  );
  assert.deepEqual(messages[2].json.input.map((item) => item.type), ['function_call_output']);
  assert.match(messages[2].json.input[0].output, /the answer is 42/);
});

test('after 426 all goes over HTTP', async (t) => {
  const { upstream, config } = await start(t);
  await upstream.refuseSockets(426);
  await upstream.add([{ replies: [{ stream: { id: 'resp_1', deltas: ['Over HTTP.'] } }] }]);
  assert.equal(textOf(await codex(t, config, [], 'Say something.')), 'Over HTTP.');
  assert.equal((await upstream.sockets()).counts.handshakes, 1);
  assert.equal((await upstream.requests()).filter(({ method }) => method === 'POST').length, 1);
});
