// Providers and aliases that are registered while rp-server runs.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';

import { SocketUpstream, startPair } from './harness.mjs';
import { alias, ask, call, kEnv, kRules, post, provider, response } from './registry_calls.mjs';
import { WebSocketClient } from './web_socket_client.mjs';

test('a custom provider is stored, and its alias says why it is not served', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  await post(server, '/admin/providers', provider('own', upstream, { wire_api: 'custom' }));
  await post(server, '/admin/models', alias('own/model', 'own'));
  const answer = await ask(server, 'own/model');
  assert.equal(answer.status, 400);
  assert.equal(answer.json.error.message,
    'wire_api="custom" providers are stored but not routable until a custom adapter exists.');
  const { json } = await call(server, 'GET', '/admin/providers/own');
  assert.deepEqual([json.routable, json.resource_ids], [false, []]);
});

test('kinds of credentials, own headers and parameters reach the provider', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: { ...kEnv, KEY_OF_C: 'key-of-c' } });
  const own = { headers: { 'OpenAI-Organization': 'org-1' }, query: { 'api-version': '2026-10-01' } };
  await post(server, '/admin/providers', provider('a', upstream,
    { auth_type: 'api_key', auth_header: 'api-key', api_key: 'key-of-a', config: own }));
  await post(server, '/admin/providers', provider('b', upstream, { auth_type: 'query', api_key: 'key-of-b' }));
  await post(server, '/admin/providers', provider('c', upstream,
    { api_key: undefined, credential_ref: 'env:KEY_OF_C' }));
  await post(server, '/admin/providers', provider('d', upstream, { auth_type: 'none', api_key: undefined }));
  const seen = {};
  for (const id of ['a', 'b', 'c', 'd']) {
    await post(server, '/admin/models', alias(id, id));
    assert.equal((await ask(server, id)).status, 200, id);
    seen[id] = (await upstream.requests()).at(-1);
  }
  assert.equal(seen.a.header('api-key'), 'key-of-a');
  assert.equal(seen.a.header('authorization'), undefined);
  assert.equal(seen.a.header('openai-organization'), 'org-1');
  assert.ok(seen.a.target.endsWith('/responses?api-version=2026-10-01'), seen.a.target);
  assert.ok(seen.b.target.endsWith('/responses?key=key-of-b'), seen.b.target);
  assert.equal(seen.c.header('authorization'), 'Bearer key-of-c');
  assert.equal(seen.d.header('authorization'), undefined);
});

test('several targets: weights, and a lower priority only when the higher is out', async (t) => {
  const rules = [
    { key: 'key-of-first-1234', replies: [response('resp_1'), { error: { status: 401, code: 'invalid_api_key', message: 'no' } }], repeat_last: true },
    { key: 'key-of-second-123', replies: [response('resp_2')], repeat_last: true },
  ];
  const { upstream, server } = await startPair(t, { rules, env: kEnv });
  await post(server, '/admin/providers', provider('first', upstream, { api_key: 'key-of-first-1234' }));
  await post(server, '/admin/providers', provider('second', upstream, { api_key: 'key-of-second-123' }));
  const made = await post(server, '/admin/models', {
    alias: 'best',
    targets: [
      { provider_id: 'first', upstream_id: 'model-1' },
      { provider_id: 'second', upstream_id: 'model-2', priority: 1 },
    ],
  });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  for (let turn = 0; turn < 3; ++turn) assert.equal((await ask(server, 'best')).status, 200);
  const models = (await upstream.requests()).map((request) => JSON.parse(request.body).model);
  assert.deepEqual(models, ['model-1', 'model-1', 'model-2', 'model-2']);
});

test('a start while the database is away serves what was registered', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  await post(server, '/admin/providers', provider('kept', upstream));
  await post(server, '/admin/models', alias('kept/model', 'kept'));
  // Nobody listens there: a database that is down.
  server.env = { ...server.env, PROXY_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/gone?connect_timeout=1' };
  await server.restart();
  const answer = await ask(server, 'kept/model');
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  assert.equal((await post(server, '/admin/models', alias('new', 'kept'))).status, 503);
});

test('where private addresses are forbidden none is connected to, whatever name leads there', async (t) => {
  const env = { ...kEnv, PROXY_ALLOW_PRIVATE_UPSTREAMS: 'false' };
  const { upstream, server } = await startPair(t, { kind: SocketUpstream, env });
  const why = /PROXY_ALLOW_PRIVATE_UPSTREAMS=false/;
  const refused = await post(server, '/admin/providers', provider('open', upstream));
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.json.errors.map(({ field }) => field), ['base_url']);
  // What this machine is called leads to it, or to an address of its network; only a resolver knows.
  const hidden = provider('hidden', upstream, { base_url: upstream.baseUrl.replace('127.0.0.1', hostname()) });
  assert.equal((await post(server, '/admin/providers', hidden)).status, 201);
  await post(server, '/admin/models', alias('hidden', 'hidden'));

  const tried = [
    await post(server, '/admin/providers/test', hidden),
    await post(server, '/admin/models/test', { alias: 'hidden' }),
  ];
  for (const { json } of tried) {
    const step = json.steps.find(({ status }) => status === 'failed');
    assert.equal(step.step, 'connect');
    assert.match(step.detail, why);
  }
  const answer = await ask(server, 'hidden');
  assert.equal(answer.status, 502, JSON.stringify(answer.json));
  assert.match(answer.json.error.message, why);
  const socket = await WebSocketClient.open(`${server.baseUrl}/responses`);
  socket.send({ type: 'response.create', model: 'hidden', input: 'hello' });
  assert.match(JSON.stringify(await socket.next()), why);
  socket.close();
  const { data } = (await call(server, 'POST', '/admin/health/check')).json;
  const check = data.find(({ resource_id: id }) => id.startsWith('hidden-'));
  assert.match(check.error, why);
  assert.equal((await upstream.counts()).connections, 0);
});
