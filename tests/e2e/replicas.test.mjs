// Three replicas and two workers over Redis and PostgreSQL: what one learns the others know.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Accounts } from './accounts.mjs';
import { postgresUrl, startAll } from './cluster.mjs';
import { eventually } from './harness.mjs';

const kKeys = Array.from({ length: 8 }, (_, index) => `sk-test-key-number-${index + 1}`);
const kContinuations = 2000;

const post = (server, body, signal) => fetch(`${server.baseUrl}/responses`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'm', input: 'hi', ...body }),
  signal,
});

// The id and the resource of an answer, as soon as the client can know that it is complete.
async function answer(server, stream) {
  const response = await post(server, { stream });
  assert.equal(response.status, 200);
  const resource = response.headers.get('x-proxy-resource-id');
  if (!stream) return { resource, id: (await response.json()).id };
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const end = text.match(/^data: (\{"type":"response\.completed".*\})$/m);
    if (end) return { resource, id: JSON.parse(end[1]).response.id };
  }
  return assert.fail(`no end in ${text}`);
}

test('a continuation on another replica goes where the response was made, every time', async (t) => {
  const database = await postgresUrl(t);
  // However slow the machine is: nobody goes on without Redis.
  const env = { PROXY_REDIS_TIMEOUT_MS: '10000' };
  const { servers } = await startAll(t, { replicas: 3, workers: 2, database, keys: kKeys, env });
  let turn = 0;
  const strays = [];
  const client = async () => {
    while (turn < kContinuations) {
      const number = turn++;
      const made = await answer(servers[number % 3], number % 2 === 0);
      const continued = await post(servers[(number + 1) % 3], { previous_response_id: made.id });
      await continued.arrayBuffer();
      const found = {
        resource: continued.headers.get('x-proxy-resource-id'),
        decision: continued.headers.get('x-proxy-decision'),
      };
      if (found.resource !== made.resource || found.decision !== 'response_affinity') {
        strays.push({ number, made, found });
      }
    }
  };
  await Promise.all(Array.from({ length: 12 }, client));
  assert.equal(turn, kContinuations);
  assert.deepEqual(strays, []);

  // Nothing is under way any more, and all of them say so.
  for (const server of servers) await server.idle();
  await eventually('all records', async () =>
    (await servers[0].allRows()).length === 2 * kContinuations);
});

test('all replicas count all requests under way; those of a dead one are gone', async (t) => {
  const stream = { id: 'resp_1', deltas: ['one', 'two'] };
  const slow = { stream, insert: [{ at: 5, step: { gate: 'go' } }] };
  const rules = [{ method: 'POST', replies: [slow], repeat_last: true }];
  const { upstream, servers } =
    await startAll(t, { replicas: 3, workers: 0, rules, keys: kKeys });
  const inFlight = async (server) =>
    (await server.resources()).reduce((sum, resource) => sum + resource.in_flight, 0);
  const abort = new AbortController();
  t.after(() => abort.abort());
  const perReplica = [10, 20, 30];
  const answers = servers.map((server, index) =>
    Array.from({ length: perReplica[index] }, async () => {
      const response = await post(server, { stream: true }, abort.signal);
      return response.text();
    }));
  answers.flat().forEach((answer) => answer.catch(() => {})); // of the replica that dies
  await upstream.wait('requests', 60);
  for (const server of servers) {
    await eventually('60 requests in flight', async () => (await inFlight(server)) === 60);
  }
  // Load is spread over all, wherever it came in: no key has more than its share and one.
  const spread = (await servers[0].resources()).map((resource) => resource.in_flight);
  t.diagnostic(`in flight per key: ${spread}`);

  const died = Date.now();
  await servers[2].crash();
  for (const server of servers) {
    await eventually('30 requests in flight', async () => (await inFlight(server)) === 30);
  }
  t.diagnostic(`the share of a dead replica was gone after ${Date.now() - died} ms`);
  await upstream.openGate('go');
  await Promise.all([...answers[0], ...answers[1]]);
  for (const server of servers) await server.idle();
});

test('what one replica learns about a key the others know', async (t) => {
  const error = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message: 'No.' };
  const rules = [{ method: 'POST', key: kKeys[0], replies: [{ error }], repeat_last: true }];
  const { servers } = await startAll(t, { replicas: 3, workers: 0, rules, keys: [kKeys[0]] });
  assert.equal((await post(servers[0], {})).status, 401);
  for (const server of servers) {
    await eventually('the news', async () =>
      (await server.resources()).every(({ health }) => health === 'unhealthy'));
  }
});

test('Redis is down when replicas start: they serve, and share once it is there', async (t) => {
  const { servers, redis } = await startAll(t, { replicas: 2, workers: 0, keys: kKeys });
  await redis.kill();
  for (const server of servers) await server.restart();
  const made = await answer(servers[0], false);
  const ready = await (await fetch(`${servers[0].url}/readyz`)).json();
  assert.equal(ready.status, 'ready');
  assert.ok(JSON.stringify(ready).includes('redis'), JSON.stringify(ready));
  await redis.launch();
  // Learnt in the outage, told afterwards.
  await eventually('the id on the other replica', async () => {
    const continued = await post(servers[1], { previous_response_id: made.id });
    await continued.arrayBuffer();
    return continued.headers.get('x-proxy-decision') === 'response_affinity';
  });
});

test('Redis is away: a continuation on another replica finds its account by trying', async (t) => {
  const keys = kKeys.slice(0, 4);
  const { servers, redis, upstream } =
    await startAll(t, { replicas: 2, workers: 0, keys, kind: Accounts });
  await redis.kill();
  for (let i = 0; i < 40; ++i) {
    const made = await post(servers[i % 2], {});
    const { id, output: [item] } = await made.json();
    const reference = { type: 'item_reference', id: item.id };
    const other = servers[(i + 1) % 2];
    const continued = await post(other, i % 4 < 2 ? { previous_response_id: id } : { input: [reference] });
    assert.equal(continued.status, 200, await continued.text());
    assert.equal(continued.headers.get('x-proxy-resource-id'), made.headers.get('x-proxy-resource-id'));
  }
  assert.equal(new Set(upstream.requests.map(({ key }) => key)).size, keys.length);
});
