// SIGTERM: streams end in order, or with response.failed when their time is up; kill -9 breaks nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, Upstream, eventually, openStream } from './harness.mjs';

const stream = (step) => ({
  stream: { id: 'resp_d', deltas: ['begun', 'done'] },
  insert: [{ at: 5, step }], // behind the first delta
});

async function started(env, step) {
  const upstream = await Upstream.start([{ replies: [stream(step)] }]);
  const server = await Server.start({ upstream, keys: ['sk-test-key-one'], env });
  return { upstream, server, rest: await openStream(server) };
}

test('a stream that ends within the drain time ends as if nothing were', async () => {
  const { upstream, server, rest } = await started({ PROXY_DRAIN_TIMEOUT_SECONDS: '20' },
    { gate: 'go' });
  const stopped = server.stop();
  // No longer accepting: asked until it is so.
  await eventually('connections to be refused', () => fetch(`${server.url}/healthz`).then(() => false, () => true));
  await upstream.openGate('go');
  assert.match(await rest(), /event: response\.completed/);
  await stopped;
  await upstream.stop();
});

test('a stream that does not is told so', async () => {
  const { upstream, server, rest } = await started({ PROXY_DRAIN_TIMEOUT_SECONDS: '0.2' }, 'stall');
  const stopped = server.stop();
  assert.match(await rest(), /event: response\.failed\ndata: .*shutting down/);
  await stopped;
  await upstream.stop();
});

test('a second signal ends the wait', async () => {
  const { upstream, server, rest } = await started({ PROXY_DRAIN_TIMEOUT_SECONDS: '600' }, 'stall');
  server.child.process.kill('SIGTERM');
  while (!server.child.output.includes('draining')) await new Promise(setImmediate);
  const stopped = server.stop(); // the second one
  assert.match(await rest(), /event: response\.failed/);
  await stopped;
  await upstream.stop();
});

test('while it drains, /readyz on the port of the control plane says so', async () => {
  const { upstream, server, rest } = await started(
    { PROXY_DRAIN_TIMEOUT_SECONDS: '20', PROXY_ADMIN_BIND: '127.0.0.1:0' }, { gate: 'go' });
  const [, admin] = await server.child.line(/^control plane on (\S+)$/);
  const ready = () => fetch(new URL('/readyz', admin));
  assert.equal((await ready()).status, 200);
  const stopped = server.stop();
  const draining = await eventually('the drain to show', async () => {
    const answer = await ready();
    return answer.status === 503 && answer;
  });
  assert.deepEqual((await draining.json()).missing, ['draining']);
  assert.equal((await fetch(new URL('/healthz', admin))).status, 200);
  await upstream.openGate('go');
  assert.match(await rest(), /event: response\.completed/);
  await stopped;
  await upstream.stop();
});

test('what was answered before the end is on record after it', async () => {
  const upstream = await Upstream.start();
  const server = await Server.start({ upstream });
  for (let i = 0; i < 20; i += 1) {
    const answer = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'x' }),
    });
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  }
  await server.restart();
  assert.equal((await server.admin('requests?limit=100')).data.length, 20);
  await server.crash();
  assert.equal((await server.admin('requests?limit=100')).data.length, 20);
  await server.stop();
  await upstream.stop();
});
