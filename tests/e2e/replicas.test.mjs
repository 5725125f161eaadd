// Three replicas over one Redis: what one of them learns the others know, and a dead one leaves
// nothing behind.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { eventually, Server } from './harness.mjs';
import { Redis } from './private_redis.mjs';

const kContinuations = 2000;
const kKeys = ['sk-test-key-one', 'sk-test-key-two', 'sk-test-key-three', 'sk-test-key-four'];

// Each key is an account of its own: it knows the responses it has made, and no others.
class Accounts {
  static async start(t) {
    const accounts = new Accounts();
    accounts.ownerOf = new Map();
    accounts.strangers = 0; // continuations of a response that another account has made
    accounts.held = []; // requests that wait for release()
    accounts.server = createServer((request, response) => accounts.#answer(request, response));
    await new Promise((resolve) => accounts.server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      accounts.server.closeAllConnections();
      accounts.server.close();
    });
    return accounts;
  }
  get baseUrl() {
    return `http://127.0.0.1:${this.server.address().port}/v1`;
  }
  release() {
    for (const finish of this.held.splice(0)) finish();
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { previous_response_id: previous, input } = JSON.parse(Buffer.concat(chunks));
    const key = request.headers.authorization;
    if (previous !== undefined && this.ownerOf.get(previous) !== key) this.strangers += 1;
    const id = `resp_${this.ownerOf.size}`;
    this.ownerOf.set(id, key);
    const event = (type, status) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, response: { id, object: 'response', status } })}\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event('response.created', 'in_progress'));
    const finish = () => {
      response.write(event('response.completed', 'completed'));
      setTimeout(() => response.end(), 5); // the end of the body is not what clients wait for
    };
    input === 'wait' ? this.held.push(finish) : finish();
  }
}

async function startReplicas(t, count) {
  const replicas = [];
  t.after(() => Promise.all(replicas.map((replica) => replica.stop())));
  const accounts = await Accounts.start(t);
  const redis = await Redis.start(t); // stopped after the replicas
  for (let i = 0; i < count; ++i) {
    const env = { PROXY_REDIS_URL: redis.url, PROXY_IN_PROCESS_WORKER: 'true' };
    replicas.push(await Server.start({ upstream: accounts, keys: kKeys, env }));
  }
  await eventually('the replicas to see each other', async () => {
    const states = await Promise.all(replicas.map((replica) => replica.admin('state')));
    return states.every(({ shared_state: shared }) => shared.up && shared.replicas === count);
  });
  return { accounts, redis, replicas };
}

const post = (replica, body, signal) =>
  fetch(`${replica.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'hi', stream: true, ...body }),
    signal,
  });

// The id, as soon as the completed response has been seen.
async function completed(answer) {
  assert.equal(answer.status, 200);
  const decoder = new TextDecoder();
  let text = '';
  const reader = answer.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    assert.ok(!done, text);
    text += decoder.decode(value, { stream: true });
    if (text.includes('event: response.completed') && text.endsWith('\n\n')) break;
  }
  (async () => {
    while (!(await reader.read()).done);
  })();
  return text.match(/"id":"(resp_\d+)"/)[1];
}

const inFlight = async (replica) =>
  (await replica.resources()).reduce((sum, resource) => sum + resource.in_flight, 0);

test('a continuation finds its account on any replica, at once', async (t) => {
  const { accounts, replicas } = await startReplicas(t, 3);
  let left = kContinuations;
  const conversation = async (number) => {
    let previous = await completed(await post(replicas[number % 3], {}));
    for (let turn = number + 1; left > 0; ++turn) {
      left -= 1;
      const answer = await post(replicas[turn % 3], { previous_response_id: previous });
      previous = await completed(answer);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => conversation(number)));
  assert.equal(accounts.strangers, 0);
  assert.ok(new Set(accounts.ownerOf.values()).size > 1, 'one account has served everything');
  for (const replica of replicas) {
    await eventually('nothing in flight', async () => (await inFlight(replica)) === 0);
  }
});

test('requests under way are seen by all replicas, and die with theirs', async (t) => {
  const { accounts, replicas } = await startReplicas(t, 3);
  const ends = [];
  const open = [];
  for (let i = 0; i < 12; ++i) {
    const answer = await post(replicas[i % 3], { input: 'wait' });
    open.push(answer);
    ends.push(i % 3 === 2 ? answer.text().catch(() => 'died') : completed(answer));
  }
  for (const replica of replicas) {
    await eventually('12 in flight', async () => (await inFlight(replica)) === 12);
  }
  await replicas[2].crash();
  const died = Date.now();
  for (const replica of replicas.slice(0, 2)) {
    await eventually('8 in flight', async () => (await inFlight(replica)) === 8);
  }
  t.diagnostic(`its share was gone after ${Date.now() - died} ms`);
  accounts.release();
  await Promise.all(ends);
  for (const replica of replicas) {
    await eventually('nothing in flight', async () => (await inFlight(replica)) === 0);
  }
});

test('without Redis every replica goes on, and says so', async (t) => {
  const { redis, replicas } = await startReplicas(t, 3);
  const ready = async (replica) => (await fetch(`${replica.url}/readyz`)).json();
  const metric = async (replica) =>
    (await (await fetch(`${replica.url}/metrics`)).text()).match(/^rp_redis_up (\d)$/m)[1];
  assert.deepEqual(await ready(replicas[0]), { status: 'ready' });
  await redis.kill();
  for (let i = 0; i < 60; ++i) {
    const first = await completed(await post(replicas[i % 3], {}));
    await completed(await post(replicas[i % 3], { previous_response_id: first }));
  }
  for (const replica of replicas) {
    await eventually('degraded', async () => (await ready(replica)).degraded?.[0] === 'redis');
    assert.equal(await metric(replica), '0');
  }
  await redis.launch();
  for (const replica of replicas) {
    await eventually('ready again', async () => (await ready(replica)).degraded === undefined);
    assert.equal(await metric(replica), '1');
    const lines = replica.child.output.match(/.*going on with what this process knows.*/g);
    assert.equal(lines.length, 1, replica.child.output);
  }
});
