// The documented commands of an operator (troubleshooting.sh), run by a shell against rp-server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Child, startPair } from './harness.mjs';

const kCommands = new Map(
  readFileSync(new URL('troubleshooting.sh', import.meta.url), 'utf8')
    .split(/^#: /m)
    .slice(1)
    .map((block) => [block.slice(0, block.indexOf('\n')), block.slice(block.indexOf('\n') + 1)]),
);

const kSmoke = { model: 'gpt-4.1-mini', input: 'Reply with exactly: smoke ok' };
const kSmokeReply = { response: { id: 'resp_smoke', text: 'smoke ok' } };

// What the command printed, as JSON.
async function run(server, name) {
  assert.ok(kCommands.has(name), name);
  const child = new Child('bash', ['-c', kCommands.get(name)], {
    env: { RESPONSES_PROXY_BASE_URL: server.url },
  });
  let printed = '';
  for (let line; (line = await child.line()) !== undefined; ) printed += `${line.input}\n`;
  assert.equal(await child.exited, 0, child.output);
  return JSON.parse(printed);
}

async function post(server, body, headers = {}) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { response, body: await response.json() };
}

test('the checklist of a healthy service', async (t) => {
  const { server } = await startPair(t, { rules: [{ method: 'POST', replies: [kSmokeReply] }] });
  assert.deepEqual(await run(server, 'healthz'), { status: 'ok' });
  assert.deepEqual(await run(server, 'readyz'), { status: 'ready' });
  const openapi = await run(server, 'openapi');
  assert.match(openapi.openapi, /^3\./);
  assert.ok(openapi.paths['/v1/responses'].post);
  const { resources } = await run(server, 'state');
  assert.deepEqual(resources.map((resource) => resource.health), ['unknown', 'unknown']);

  const smoke = await run(server, 'smoke');
  assert.equal(smoke.output[0].content[0].text, 'smoke ok');

  await server.rows(1);
  const requests = (await run(server, 'last requests')).data;
  assert.equal(requests.length, 1);
  const [request] = requests;
  assert.equal(request.session_id, 'troubleshooting-smoke-1');
  assert.equal(request.session_name, 'troubleshooting smoke');
  assert.equal(request.model, 'gpt-4.1-mini');
  assert.equal(request.status_code, 200);
  assert.deepEqual([request.input_tokens, request.output_tokens, request.total_tokens], [11, 7, 18]);
  const [decision] = (await run(server, 'last decisions')).data;
  assert.equal(decision.request_id, request.request_id);
  assert.equal(decision.resource_id, request.resource_id);
  assert.equal(decision.reason, 'weighted_least_connections');
});

test('one key gets a 403 while requests succeed', async (t) => {
  const denied = { status: 403, type: 'invalid_request_error', code: '', message: 'No access' };
  const rules = [
    { key: 'sk-test-key-two', path: '/v1/models', replies: [{ error: denied }], repeat_last: true },
  ];
  const { server } = await startPair(t, { rules });
  await run(server, 'health check');
  const { resources } = await run(server, 'state, verbosely');
  assert.deepEqual(resources.map((resource) => resource.health), ['healthy', 'unhealthy']);
  assert.match(resources[1].last_error, /403/);
  for (let i = 0; i < 4; ++i) {
    const { response } = await post(server, kSmoke);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-proxy-resource-id'), server.idOf('sk-test-key-one'));
  }
  await server.rows(4);
  const requests = (await run(server, 'more requests')).data;
  assert.deepEqual(requests.map((request) => request.status_code), [200, 200, 200, 200]);
});

test('no provider resources configured', async (t) => {
  const { upstream, server } = await startPair(t, { keys: [] });
  const { response, body } = await post(server, kSmoke);
  assert.equal(response.status, 503);
  assert.match(body.error.message, /No provider resources configured/);
  assert.deepEqual((await run(server, 'state')).resources, []);
  assert.deepEqual(await upstream.requests(), []);
});

test('no available resources are registered', async (t) => {
  const error = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message: 'No' };
  const { upstream, server } = await startPair(t, {
    rules: [{ replies: [{ error }], repeat_last: true }],
    env: { OPENAI_RESOURCE_POOL_IDS: 'interactive,batch' },
  });
  await run(server, 'health check');
  const { resources } = await run(server, 'state');
  assert.deepEqual(resources.map((resource) => resource.health), ['unhealthy', 'unhealthy']);
  const pools = Object.fromEntries(resources.map(({ name, pool_id }) => [name, pool_id]));
  assert.deepEqual(pools, { 'openai-1': 'interactive', 'openai-2': 'batch' });
  const asked = (await upstream.counts()).requests;
  for (const headers of [{}, { 'x-proxy-pool-id': 'batch' }, { 'x-proxy-pool-id': 'evals' }]) {
    const { response, body } = await post(server, kSmoke, headers);
    assert.ok(response.status >= 400, `${response.status}`);
    assert.match(body.error.message, /No available resources are registered/);
  }
  assert.equal((await upstream.counts()).requests, asked);
});

test('tokens are found in all the places where upstreams put them', async (t) => {
  const json = (usage) => ({ json: { id: 'resp_1', object: 'response', output: [], usage } });
  const rules = [
    {
      method: 'POST',
      replies: [
        json({ input_tokens: 1, output_tokens: 2, total_tokens: 3 }),
        json({ prompt_tokens: 4, completion_tokens: 5, total_tokens: 9 }),
        { stream: { id: 'resp_2', deltas: ['Hi'], usage: { input: 6, output: 7 } } },
      ],
    },
  ];
  const { server } = await startPair(t, { rules });
  for (let i = 0; i < 3; ++i) {
    const response = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      body: JSON.stringify({ ...kSmoke, stream: i === 2 }),
    });
    await response.text();
    await server.rows(i + 1);
  }
  const requests = (await run(server, 'last requests')).data.reverse();
  assert.deepEqual(
    requests.map((row) => [row.input_tokens, row.output_tokens, row.total_tokens]),
    [[1, 2, 3], [4, 5, 9], [6, 7, 13]],
  );
});

test('records outlive a restart, live state does not', async (t) => {
  const { server } = await startPair(t);
  await post(server, kSmoke);
  await server.rows(1);
  await server.restart();
  assert.equal((await run(server, 'last requests')).data.length, 1);
  const { resources } = await run(server, 'state');
  assert.deepEqual(resources.map((resource) => resource.total_requests), [0, 0]);
});
