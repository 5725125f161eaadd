// The official SDK for JavaScript, through rp-server.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { eventually, startPair } from './harness.mjs';

const kModel = 'gpt-4.1-mini';
const kAsk = { model: kModel, input: 'Say hello.' };

// Keeps what the SDK really sent in `client.sent`.
function clientOf(server) {
  const sent = [];
  const client = new OpenAI({
    baseURL: server.baseUrl,
    apiKey: 'sk-of-the-client',
    maxRetries: 0,
    fetch: (url, init) => {
      sent.push(init);
      return fetch(url, init);
    },
  });
  return Object.assign(client, { sent });
}

async function start(t, options) {
  const pair = await startPair(t, options);
  return { ...pair, client: clientOf(pair.server) };
}

test('create: answer, headers and record', async (t) => {
  const { upstream, server, client } = await start(t);
  const { data, response } = await client.responses
    .create({ ...kAsk, metadata: { session_id: 's-1', session_name: 'first' } })
    .withResponse();

  assert.match(data.output_text, /^Hello from sk-test-key-(one|two)\.$/);
  assert.equal(data.usage.total_tokens, 18);
  assert.ok(response.headers.get('x-request-id'));
  assert.match(response.headers.get('x-proxy-resource-id'), /^openai-[0-9a-f]{8}$/);
  assert.equal(response.headers.get('x-proxy-decision'), 'weighted_least_connections');

  const [request] = await upstream.requests();
  assert.equal(request.body, client.sent[0].body);
  assert.equal(request.key, server.keyOf(response.headers.get('x-proxy-resource-id')));
  assert.match(request.header('user-agent'), /^OpenAI\/JS/);
  assert.ok(!JSON.stringify(request.headers).includes('sk-of-the-client'));

  const [row] = await server.rows(1);
  assert.equal(row.request_id, response.headers.get('x-request-id'));
  assert.equal(row.session_id, 's-1');
  assert.equal(row.session_name, 'first');
  assert.equal(row.model, kModel);
  assert.equal(row.status_code, 200);
  assert.deepEqual([row.input_tokens, row.output_tokens, row.total_tokens], [11, 7, 18]);
});

test('stream: the accumulated response is the whole response', async (t) => {
  const rules = [{ replies: [{ stream: { id: 'resp_s', deltas: ['Grüße', ', ', '世界!'] } }] }];
  const { server, client } = await start(t, { rules });
  const stream = client.responses.stream(kAsk);
  const numbers = [];
  stream.on('event', (event) => numbers.push(event.sequence_number));
  const final = await stream.finalResponse();
  assert.equal(final.id, 'resp_s');
  assert.equal(final.output_text, 'Grüße, 世界!');
  assert.equal(final.usage.total_tokens, 18);
  assert.deepEqual(numbers, [...numbers.keys()]);

  const [row] = await server.rows(1);
  assert.equal(row.stream, true);
  assert.equal(row.response_id, 'resp_s');
  assert.equal(row.total_tokens, 18);
});

test('stream: events arrive while the upstream is still at it', async (t) => {
  const reply = {
    stream: { id: 'resp_s', deltas: ['one', 'two'] },
    insert: [{ at: 5, step: { gate: 'second' } }],
  };
  const { upstream, client } = await start(t, { rules: [{ replies: [reply] }] });
  let text = '';
  for await (const event of await client.responses.create({ ...kAsk, stream: true })) {
    if (event.type !== 'response.output_text.delta') continue;
    text += event.delta;
    if (event.delta === 'one') await upstream.openGate('second');
  }
  assert.equal(text, 'onetwo');
});

test('what is done with a response goes to the key that made it', async (t) => {
  const { upstream, client } = await start(t);
  const made = new Map();
  for (let i = 0; i < 8; ++i) {
    const { data, response } = await client.responses.create(kAsk).withResponse();
    made.set(data.id, response.headers.get('x-proxy-resource-id'));
  }
  assert.equal(new Set(made.values()).size, 2, 'both keys made responses');

  const maker = (await upstream.requests()).map((request) => request.key);
  for (const [id, resource] of made) {
    const { response } = await client.responses.retrieve(id).withResponse();
    assert.equal(response.headers.get('x-proxy-resource-id'), resource);
    assert.equal(response.headers.get('x-proxy-decision'), 'response_affinity');
    const items = await client.responses.inputItems.list(id, { limit: 5, order: 'asc' });
    assert.equal(items.data[0].role, 'user');
    await client.responses.create({ ...kAsk, previous_response_id: id });
    assert.equal((await client.responses.cancel(id)).status, 'cancelled');
    await client.responses.delete(id);
  }
  const requests = await upstream.requests();
  requests.slice(made.size).forEach((request, index) => {
    assert.equal(request.key, maker[Math.floor(index / 5)], `${request.method} ${request.target}`);
  });
  const listed = requests.find((request) => request.target.includes('input_items'));
  assert.equal(listed.target, '/v1/responses/resp_1/input_items?limit=5&order=asc');
});

test('a conversation stays with the key that made it', async (t) => {
  const conversation = { id: 'conv_1', object: 'conversation', created_at: 1, metadata: {} };
  const rules = [{ method: 'POST', path: '/v1/conversations', replies: [{ json: conversation }] }];
  const { upstream, client } = await start(t, { rules });
  await client.conversations.create({});
  for (let i = 0; i < 6; ++i) await client.responses.create({ ...kAsk, conversation: 'conv_1' });
  assert.equal(new Set((await upstream.requests()).map((request) => request.key)).size, 1);
});

test('an aborted stream ends the upstream transfer and frees its slot', async (t) => {
  const reply = {
    stream: { id: 'resp_s', deltas: ['one', 'two'] },
    insert: [{ at: 5, step: 'stall' }],
  };
  const { upstream, server, client } = await start(t, { rules: [{ replies: [reply] }] });
  const stream = await client.responses.create({ ...kAsk, stream: true });
  for await (const event of stream) {
    if (event.type !== 'response.output_text.delta') continue;
    const busy = (await server.resources()).map((resource) => resource.in_flight);
    assert.equal(busy[0] + busy[1], 1);
    stream.controller.abort();
  }
  await upstream.wait('aborted', 1);
  await server.idle();
  const [row] = await server.rows(1);
  assert.equal(row.completed, false);
  assert.equal(row.blame, 'client');
});

test('an upstream that breaks off in a stream is a failed response, not an end', async (t) => {
  const reply = {
    stream: { id: 'resp_s', deltas: ['one', 'two'] },
    insert: [{ at: 5, step: 'reset' }],
  };
  const { client } = await start(t, { rules: [{ replies: [reply] }] });
  const events = [];
  for await (const event of await client.responses.create({ ...kAsk, stream: true })) {
    events.push(event);
  }
  assert.ok(events.some((event) => event.delta === 'one'));
  assert.equal(events.at(-1).type, 'response.failed');
});

test('a key over its limit is not noticed while another one can answer', async (t) => {
  const error = { status: 429, type: 'requests', code: 'rate_limit_exceeded', message: 'Slow' };
  const { server, client } = await start(t, { rules: [{ replies: [{ error }] }] });
  const { data, response } = await client.responses.create(kAsk).withResponse();
  assert.match(data.output_text, /^Hello from /);
  assert.equal(response.headers.get('x-proxy-decision'), 'failover');
  const [row] = await server.rows(1);
  assert.deepEqual(row.attempts.map((attempt) => attempt.status_code), [429, 200]);
});

test("the upstream's errors are the SDK's error classes", async (t) => {
  const classes = {
    400: OpenAI.BadRequestError,
    401: OpenAI.AuthenticationError,
    403: OpenAI.PermissionDeniedError,
    404: OpenAI.NotFoundError,
    409: OpenAI.ConflictError,
    422: OpenAI.UnprocessableEntityError,
    429: OpenAI.RateLimitError,
    500: OpenAI.InternalServerError,
    503: OpenAI.InternalServerError,
  };
  for (const status of Object.keys(classes).map(Number)) {
    await t.test(`${status}`, async (t) => {
      const error = { status, type: 'some_type', code: 'some_code', message: 'Why', param: 'input' };
      const { client } = await start(t, {
        rules: [{ replies: [{ error }], repeat_last: true }],
        keys: ['sk-test-key-one'],
        env: { PROXY_MAX_ATTEMPTS: '1' },
      });
      const thrown = await client.responses.create(kAsk).then(assert.fail, (reason) => reason);
      assert.equal(thrown.constructor, classes[status]);
      assert.equal(thrown.status, status);
      assert.deepEqual([thrown.type, thrown.code, thrown.param], ['some_type', 'some_code', 'input']);
      assert.match(thrown.message, /Why/);
      assert.ok(thrown.requestID);
    });
  }
});

test("the proxy's own errors have the same shape, and nothing goes upstream", async (t) => {
  const { upstream, server, client } = await start(t);
  const refused = async (options, Class, expected) => {
    const thrown = await client.post('/responses', options).then(assert.fail, (reason) => reason);
    assert.equal(thrown.constructor, Class);
    for (const [name, value] of Object.entries(expected)) assert.equal(thrown[name], value, name);
    assert.ok(thrown.requestID);
    return thrown;
  };
  const type = 'invalid_request_error';
  const json = { 'content-type': 'application/json' };
  await refused({ body: '{"model": ', headers: json }, OpenAI.BadRequestError, { type });
  await refused({ body: '[1]', headers: json }, OpenAI.BadRequestError, { type });
  const pool = await refused(
    { body: { ...kAsk, metadata: { pool_id: 'nowhere' } } },
    OpenAI.BadRequestError,
    { type, code: 'unknown_pool', param: 'metadata.pool_id' },
  );
  assert.match(pool.message, /No available resources are registered/);
  await assert.rejects(client.post('/nothing/here'), OpenAI.NotFoundError);
  assert.deepEqual(await upstream.requests(), []);
  await server.idle();
});

test('without a key there is a clear answer', async (t) => {
  const { client } = await start(t, { keys: [] });
  const thrown = await client.responses.create(kAsk).then(assert.fail, (reason) => reason);
  assert.equal(thrown.constructor, OpenAI.InternalServerError);
  assert.equal(thrown.status, 503);
  assert.match(thrown.message, /No provider resources configured/);
});

test('one bad key: the SDK ends soon, and shows what the provider says', async (t) => {
  const message = 'Incorrect API key provided';
  const error = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message };
  const { server } = await startPair(t, {
    keys: ['sk-test-key-one'],
    rules: [{ replies: [{ error }], repeat_last: true }],
  });
  // With the retries it makes by default.
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk-of-the-client' });
  const ask = async () => {
    const began = performance.now();
    const thrown = await client.responses.create(kAsk).then(assert.fail, (reason) => reason);
    assert.ok(performance.now() - began < 5000, 'it took more than 5 s');
    return thrown;
  };
  // At the start a health check may have been faster than the first request.
  const first = await ask();
  assert.match(`${first.status}`, /^(401|503)$/);
  assert.match(first.message, new RegExp(message));
  await eventually('the key is known to be bad', async () => {
    const { resources } = await (await fetch(`${server.url}/admin/state`)).json();
    return resources[0].health === 'unhealthy' && resources[0].health_reason.includes(message);
  });
  await eventually('the log says so', () =>
    / warning openai-1 is unhealthy \(.*\): .*HTTP 401: Incorrect API key/.test(server.child.output));
  const thrown = await ask();
  assert.equal(thrown.status, 503);
  assert.match(thrown.message, /No available resources are registered: \S+ unhealthy \(.*HTTP 401: Incorrect API key provided\)/);
  assert.equal(thrown.headers.get('retry-after'), null);
  const ready = await fetch(`${server.url}/readyz`);
  assert.equal(ready.status, 503);
  assert.deepEqual((await ready.json()).missing, ['available_resources']);
});

test('models are listed', async (t) => {
  const { client } = await start(t);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids, ['gpt-4.1-mini', 'gpt-5.5']);
});

test('a termination signal lets a running stream end', async (t) => {
  const reply = {
    stream: { id: 'resp_s', deltas: ['one', 'two'] },
    insert: [{ at: 5, step: { gate: 'rest' } }],
  };
  const { upstream, server, client } = await start(t, { rules: [{ replies: [reply] }] });
  const stream = client.responses.stream(kAsk);
  await stream.emitted('response.output_text.delta');
  server.child.process.kill('SIGTERM');
  await eventually('new connections to be refused', () =>
    fetch(`${server.url}/healthz`).then(() => false, () => true));
  await upstream.openGate('rest');
  assert.equal((await stream.finalResponse()).output_text, 'onetwo');
});
