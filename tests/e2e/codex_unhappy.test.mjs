// The real Codex CLI when upstreams overload, limit and cut: what it sees, what stands on record.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { codexTurn, itemsOf, providerAt, startRecorder } from './codex_cli.mjs';
import { startPair } from './harness.mjs';

const kOneKey = ['sk-test-key-one'];

const say = (id, ...deltas) => ({ stream: { id, deltas } });
const refuse = (status, code, seconds) => ({
  error: { status, type: 'some_error', code, message: 'No.' },
  headers: seconds === undefined ? {} : { 'Retry-After': `${seconds}` },
});
const cut = (reply, at) => ({ ...reply, insert: [{ at, step: 'reset' }] });

// A turn of Codex against these replies, whichever key is asked first.
async function turn(t, replies, { keys, before } = {}) {
  const { upstream, server } = await startPair(t, { rules: [{ replies }], ...(keys && { keys }) });
  const { bodies, answers, baseUrl } = await startRecorder(t, server, () => before?.(server));
  const { code, events, output } = await codexTurn(t, providerAt(baseUrl), [], 'Do it.');
  await server.idle();
  return {
    code,
    output,
    bodies,
    answers,
    errors: events.filter(({ type }) => type === 'error').map(({ message }) => message),
    texts: itemsOf(events, 'agent_message').map(({ text }) => text),
    commands: itemsOf(events, 'command_execution'),
    completed: events.filter(({ type }) => type === 'turn.completed'),
    requests: await upstream.requests(),
    rows: (await server.rows(answers.length)).reverse(),
  };
}

function assertCompleted(result, texts) {
  assert.equal(result.code, 0, result.output);
  assert.equal(result.completed.length, 1);
  assert.deepEqual(result.texts, texts);
  assert.deepEqual(result.rows.map((row) => row.status_code),
    result.answers.map((answer) => answer.status));
}

function assertMovedUnseen(result, error, blame) {
  assertCompleted(result, ['Fine.']);
  assert.deepEqual(result.errors, []);
  assert.equal(result.bodies.length, 1);
  assert.equal(result.requests.length, 2);
  assert.notEqual(result.requests[0].key, result.requests[1].key);
  assert.ok(result.requests.every(({ body }) => body === result.bodies[0]));
  const [row] = result.rows;
  assert.deepEqual(row.attempts.map(({ reason }) => reason),
    ['weighted_least_connections', 'failover']);
  assert.deepEqual(row.attempts.map((attempt) => [attempt.error, attempt.blame]),
    [[error, blame], [null, 'none']]);
  assert.deepEqual([row.blame, row.error, row.completed], ['none', null, true]);
}

function assertCutRow(row, textBytes) {
  assert.deepEqual([row.status_code, row.error, row.blame, row.completed],
    [200, 'truncated', 'provider', false]);
  assert.equal(row.text_bytes, textBytes);
  assert.equal(row.total_tokens, null); // the upstream did not come to say it
}

test('an overload inside a 200 moves to the other key, unseen', async (t) => {
  const overload = { failed: { id: 'resp_0', code: 'server_is_overloaded', message: 'Busy.' } };
  const result = await turn(t, [overload, say('resp_1', 'Fine.')]);
  assertMovedUnseen(result, 'server_is_overloaded', 'provider');
});

for (const seconds of [undefined, 600]) {
  test(`a 429 ${seconds ? 'with' : 'without'} Retry-After moves to the other key, unseen`, async (t) => {
    const replies = [refuse(429, 'rate_limit_exceeded', seconds), say('resp_1', 'Fine.')];
    assertMovedUnseen(await turn(t, replies), 'http_429', 'resource');
  });
}

test('a 429 without Retry-After of the only key ends the turn', async (t) => {
  const replies = [refuse(429, 'rate_limit_exceeded'), say('resp_1', 'Never asked for.')];
  const result = await turn(t, replies, { keys: kOneKey });
  assert.equal(result.code, 1, result.output);
  assert.deepEqual(result.answers, [{ status: 429, retryAfter: undefined }]);
  assert.match(result.errors.join('\n'), /429/);
  assert.equal(result.requests.length, 1);
  assert.deepEqual([result.rows[0].status_code, result.rows[0].blame], [429, 'resource']);
});

test('a 429 with Retry-After of the only key is waited out', async (t) => {
  const replies = [refuse(429, 'rate_limit_exceeded', 1), say('resp_1', 'Fine.')];
  const result = await turn(t, replies, { keys: kOneKey });
  assertCompleted(result, ['Fine.']);
  assert.deepEqual(result.answers[0], { status: 429, retryAfter: '1' });
  assert.equal(result.requests.length, 2);
  assert.equal(result.rows[0].attempts[0].error, 'http_429');
  assert.equal(result.rows.at(-1).blame, 'none');
});

test('a stream cut before an item was done is asked for again, its text is there once', async (t) => {
  const replies = [cut(say('resp_0', 'Hello ', 'again.'), 5), say('resp_1', 'Hello ', 'again.')];
  const result = await turn(t, replies);
  assertCompleted(result, ['Hello again.']);
  assert.match(result.errors.join('\n'), /Reconnecting\.\.\. 1\/5 .*broke off/);
  assert.equal(result.bodies.length, 2);
  const [first, second] = result.bodies.map((body) => JSON.parse(body).input);
  assert.ok(isDeepStrictEqual(second, first), 'something of the broken answer was kept');
  assertCutRow(result.rows[0], 'Hello '.length);
  assert.deepEqual([result.rows[1].error, result.rows[1].total_tokens], [null, 18]);
});

test('a stream cut after its text was done: Codex goes on from there', async (t) => {
  const replies = [cut(say('resp_0', 'Half.'), 8), say('resp_1', 'Whole.')];
  const result = await turn(t, replies);
  assertCompleted(result, ['Half.', 'Whole.']);
  assert.equal(result.bodies.length, 2);
  assert.equal(result.bodies[1].split('Half.').length - 1, 1);
  assertCutRow(result.rows[0], 'Half.'.length);
});

test('a stream cut after its tool call was done: the command runs once', async (t) => {
  const command = 'echo once >> effect.txt; cat effect.txt';
  const call = { id: 'resp_0', call_id: 'call_1', name: 'exec_command' };
  call.arguments = JSON.stringify({ cmd: command });
  const result = await turn(t, [cut({ function_call: call }, 6), say('resp_1', 'Done.')]);
  assertCompleted(result, ['Done.']);
  assert.deepEqual(result.commands.map((item) => item.aggregated_output), ['once\n']);
  const { input } = JSON.parse(result.requests[1].body);
  const ofCall = input.filter((item) => item.call_id === 'call_1').map((item) => item.type);
  assert.deepEqual(ofCall, ['function_call', 'function_call_output']);
  assertCutRow(result.rows[0], 0);
});

for (const [status, code] of [[429, 'rate_limit_exceeded'], [503, 'server_is_overloaded']]) {
  test(`every key answers ${status} with Retry-After: Codex waits and completes`, async (t) => {
    const out = refuse(status, code, 1);
    const result = await turn(t, [out, out, say('resp_1', 'Fine.')]);
    assertCompleted(result, ['Fine.']);
    assert.deepEqual(result.answers[0], { status, retryAfter: '1' });
    assert.equal(result.rows[0].attempts.length, 2);
    assert.notEqual(result.rows[0].attempts[0].resource_id, result.rows[0].attempts[1].resource_id);
  });

  test(`every key is out after a ${status}: Codex is told by the proxy when to come back`, async (t) => {
    const out = refuse(status, code, 2);
    const exhaust = (server) => fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'x' }),
    }).then((answer) => answer.arrayBuffer());
    const result = await turn(t, [out, out, say('resp_1', 'Fine.')], { before: exhaust });
    assert.equal(result.code, 0, result.output);
    assert.deepEqual(result.texts, ['Fine.']);
    assert.equal(result.answers[0].status, 429);
    assert.match(result.answers[0].retryAfter, /^[12]$/);
    assert.equal(result.requests.length, 3); // nothing was sent while everything was out
    const refused = result.rows.find((row) => row.stream);
    assert.deepEqual(refused.attempts, []);
    assert.deepEqual([refused.status_code, refused.blame], [429, 'proxy']);
  });
}

test('one bad key: Codex ends within 30 s, and shows what the provider says', async (t) => {
  const message = 'Incorrect API key provided';
  const error = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message };
  const { server } = await startPair(t, {
    keys: kOneKey,
    rules: [{ replies: [{ error }], repeat_last: true }],
  });
  let began;
  const before = async () => { began = performance.now(); };
  const { answers, baseUrl } = await startRecorder(t, server, before);
  const { code, events, output } = await codexTurn(t, providerAt(baseUrl), [], 'Do it.');
  const seconds = (performance.now() - began) / 1000;
  console.log(`codex ended after ${seconds.toFixed(1)} s and ${answers.length} requests`);
  assert.ok(seconds < 30, `it took ${seconds} s`);
  assert.equal(code, 1, output);
  const last = events.filter(({ type }) => type === 'error').at(-1).message;
  assert.match(last, new RegExp(message));
  assert.ok(answers.every(({ status }) => status === 401 || status === 503));
  assert.ok(answers.every(({ retryAfter }) => retryAfter === undefined));
});
