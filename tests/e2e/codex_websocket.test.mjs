// The real Codex CLI over WebSocket, through rp-server, in front of upstreams with and without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codex, CodexThread, itemsOf, providerAt } from './codex_cli.mjs';
import { SocketUpstream, startPair } from './harness.mjs';

const kKeys = Array.from({ length: 4 }, (_, index) => `sk-test-key-number-${index + 1}`);

// Both kinds of upstream get the same turns; `sockets`: whether it takes WebSocket.
async function start(t, sockets, replies, options = {}) {
  const { upstream, server } = await startPair(t, { kind: SocketUpstream, keys: kKeys, ...options });
  if (sockets) {
    await upstream.turns(replies);
  } else {
    await upstream.refuseSockets(404);
    await upstream.add([{ method: 'POST', replies }]);
  }
  const config = providerAt(server.baseUrl)
    .replace('supports_websockets = false', 'supports_websockets = true');
  return { upstream, server, config };
}

const textOf = (events) => itemsOf(events, 'agent_message').at(-1).text;
const methodsOf = (rows) => rows.map(({ method }) => method);

async function posts(upstream) {
  return (await upstream.requests()).filter(({ method }) => method === 'POST');
}

for (const sockets of [true, false]) {
  const kind = sockets ? 'that speaks WebSocket' : 'that knows only HTTP';

  test(`a plain turn, to an upstream ${kind}`, async (t) => {
    const replies = [{ stream: { id: 'resp_1', deltas: ['Hello ', 'Codex.'] } }];
    const { upstream, server, config } = await start(t, sockets, replies);
    const events = await codex(t, config, [], 'Say hello.');
    assert.equal(textOf(events), 'Hello Codex.');
    const { usage } = events.find(({ type }) => type === 'turn.completed');
    assert.deepEqual([usage.input_tokens, usage.output_tokens], [11, 7]);

    const rows = (await server.rows(2)).reverse(); // the warm-up and the turn
    assert.deepEqual(methodsOf(rows), ['WEBSOCKET', 'WEBSOCKET']);
    assert.deepEqual(rows.map(({ total_tokens }) => total_tokens), [0, 18]);
    assert.equal(rows[0].resource_id, rows[1].resource_id);
    assert.equal(rows[0].session_id, rows[1].session_id);
    assert.ok(rows[0].session_id);
    const requests = await posts(upstream);
    if (sockets) {
      assert.equal(requests.length, 0);
    } else {
      assert.equal(requests.length, 1);
      const body = JSON.parse(requests[0].body);
      assert.ok(requests[0].body.includes('Say hello.'));
      assert.equal(body.previous_response_id, undefined);
      // The base instructions came with the warm-up.
      assert.ok(requests[0].body.includes('You are Codex'));
    }
    await server.idle();
  });

  test(`a turn with a tool call sends only what is new, to an upstream ${kind}`, async (t) => {
    const call = { id: 'resp_call', call_id: 'call_1', name: 'exec_command' };
    call.arguments = JSON.stringify({ cmd: 'echo the answer is $((6*7))' });
    const replies = [{ function_call: call }, { stream: { id: 'resp_end', deltas: ['42.'] } }];
    const { upstream, server, config } = await start(t, sockets, replies);
    const events = await codex(t, config, [], 'What is six times seven?');
    assert.equal(itemsOf(events, 'command_execution')[0].exit_code, 0);
    assert.equal(textOf(events), '42.');
    assert.equal((await server.rows(3)).length, 3);
    if (sockets) {
      const { counts, messages } = await upstream.sockets();
      assert.equal(counts.handshakes, 1);
      assert.deepEqual(messages.map(({ json }) => json.previous_response_id),
        [undefined, 'resp_1_1', 'resp_call']);
      assert.deepEqual(messages[2].json.input.map(({ type }) => type), ['function_call_output']);
    } else {
      const [, second] = (await posts(upstream)).map(({ body }) => JSON.parse(body));
      const types = second.input.map(({ type }) => type);
      assert.deepEqual(types.slice(-2), ['function_call', 'function_call_output']);
      assert.ok(types.length > 4);
    }
  });

  test(`two turns on one socket, to an upstream ${kind}`, async (t) => {
    const replies = [
      { stream: { id: 'resp_1', deltas: ['First.'] } },
      { stream: { id: 'resp_2', deltas: ['Second.'] } },
    ];
    const { upstream, server, config } = await start(t, sockets, replies);
    const thread = await CodexThread.start(t, config);
    assert.equal(await thread.ask('One?'), 'First.');
    assert.equal(await thread.ask('Two?'), 'Second.');
    const rows = (await server.rows(3)).reverse();
    assert.deepEqual(rows.map(({ status_code }) => status_code), [200, 200, 200]);
    if (sockets) {
      const { counts, messages } = await upstream.sockets();
      assert.equal(counts.handshakes, 1);
      const last = messages.at(-1).json;
      assert.equal(last.previous_response_id, 'resp_1');
      assert.ok(!JSON.stringify(last.input).includes('One?'));
    } else {
      const last = (await posts(upstream)).at(-1).body;
      assert.ok(last.includes('One?') && last.includes('First.') && last.includes('Two?'));
    }
  });
}

test('a key that is over its limit is left unseen in mid-conversation', async (t) => {
  const { upstream, server, config } = await start(t, true, []);
  const thread = await CodexThread.start(t, config);
  await thread.ask('One?');
  const first = (await upstream.sockets()).handshakes[0].key;
  const error = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'No.' };
  await upstream.turns([{ error }], first);
  assert.match(await thread.ask('Two?'), /^Hello from connection 2/);
  const [row] = await server.rows(3);
  assert.equal(row.attempts.length, 2);
  const { handshakes, messages } = await upstream.sockets();
  assert.notEqual(handshakes[1].key, first);
  assert.ok(messages.at(-1).text.includes('One?'));
});

test('with WebSocket switched off Codex goes on over HTTP at once', async (t) => {
  const replies = [{ stream: { id: 'resp_1', deltas: ['Over HTTP.'] } }];
  const { server, config } =
    await start(t, false, replies, { env: { PROXY_WEBSOCKET_ENABLED: 'false' } });
  assert.equal(textOf(await codex(t, config, [], 'Say something.')), 'Over HTTP.');
  const rows = (await server.rows(2)).reverse();
  assert.deepEqual(rows.map(({ status_code }) => status_code), [426, 200]);
  assert.deepEqual(methodsOf(rows), ['GET', 'POST']);
});
