// Providers and aliases that are registered while rp-server runs: what its guides say works as it stands there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { postgresUrl } from './cluster.mjs';
import { eventually, startPair } from './harness.mjs';

const kToken = 'admin-token-of-the-test-1234';
const kEncryption = 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=';
const kEnv = { PROXY_ADMIN_TOKEN: kToken, PROXY_SECRET_ENCRYPTION_KEY: kEncryption };
const response = (id) => ({ json: { id, object: 'response', status: 'completed', model: 'upstream-model', output: [] } });
const kRules = [
  { method: 'GET', replies: [{ json: { object: 'list', data: [] } }], repeat_last: true },
  { method: 'POST', replies: [response('resp_1')], repeat_last: true },
];

async function call(server, method, path, body, headers = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${kToken}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  server.seen = (server.seen ?? '') + text;
  return { status: response.status, json: text ? JSON.parse(text) : null, headers: response.headers };
}
const post = (server, path, body) => call(server, 'POST', path, body);

async function ask(server, model, extra = {}) {
  const answer = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'hello', ...extra }),
  });
  return { status: answer.status, json: await answer.json(), headers: answer.headers };
}

const provider = (id, upstream, more = {}) => ({
  id,
  base_url: upstream.baseUrl,
  wire_api: 'responses',
  api_key: 'replace-with-provider-key',
  ...more,
});
const alias = (name, providerId, upstreamId = 'gpt-4.1-mini') => ({
  alias: name, provider_id: providerId, upstream_id: upstreamId,
});

// As in the guide, with the scripted upstream in place of the providers' hosts.
const kGuide = (baseUrl) => [
  ['/admin/providers', {
    id: 'interactive-main', name: 'Interactive Main', provider_type: 'openai', base_url: baseUrl,
    wire_api: 'responses', auth_type: 'bearer', auth_header: 'authorization',
    api_key: 'replace-with-provider-key', health_path: 'models',
    metadata: { owner: 'platform', purpose: 'codex-interactive' },
  }],
  ['/admin/models', {
    alias: 'codex/interactive', display_name: 'Codex Interactive', kind: 'model',
    provider_id: 'interactive-main', upstream_id: 'gpt-4.1-mini',
    route: { type: 'responses', model: 'gpt-4.1-mini' },
    capabilities: { streaming: true, tools: true },
  }],
  ['/admin/providers', {
    id: 'openai-main', name: 'OpenAI Main', provider_type: 'openai', base_url: baseUrl,
    wire_api: 'responses', auth_type: 'bearer', api_key: 'replace-with-provider-key',
  }],
  ['/admin/models', { alias: 'openai/gpt-mini', provider_id: 'openai-main', upstream_id: 'gpt-4.1-mini' }],
  ['/admin/providers', {
    id: 'kimi-main', name: 'Kimi Main', provider_type: 'custom', base_url: baseUrl,
    wire_api: 'chat_completions', auth_type: 'bearer', api_key: 'replace-with-provider-key',
    config: { endpoint_path: 'chat/completions' },
  }],
  ['/admin/models', { alias: 'kimi/k2', provider_id: 'kimi-main', upstream_id: 'kimi-k2.6' }],
  ['/admin/providers', {
    id: 'openrouter-main', base_url: baseUrl, wire_api: 'chat_completions',
    upstream_id_example: 'replace-with-openrouter-model-id',
  }],
  ['/admin/providers', {
    id: 'anthropic-main', name: 'Anthropic Main', provider_type: 'anthropic', base_url: baseUrl,
    wire_api: 'anthropic_messages', auth_type: 'api_key', auth_header: 'x-api-key', health_path: null,
    api_key: 'replace-with-provider-key',
    config: { endpoint_path: 'messages', anthropic_version: '2023-06-01', default_max_tokens: 4096 },
  }],
  ['/admin/models', {
    alias: 'anthropic/sonnet', provider_id: 'anthropic-main', upstream_id: 'replace-with-anthropic-model-id',
  }],
];

test('every request of the guide works as it stands there', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  for (const path of ['/admin/providers', '/admin/models', '/admin/provider-presets']) {
    assert.equal((await fetch(server.url + path)).status, 401, path);
    assert.equal((await call(server, 'GET', path)).status, 200, path);
  }
  const tried = await post(server, '/admin/providers/test', kGuide(upstream.baseUrl)[2][1]);
  assert.equal(tried.json.ok, true, JSON.stringify(tried.json));
  assert.deepEqual(tried.json.steps.map(({ step, status }) => `${step} ${status}`),
    ['resolve ok', 'connect ok', 'auth ok']);
  assert.equal((await call(server, 'GET', '/admin/providers')).json.data.length, 0);

  for (const [path, body] of kGuide(upstream.baseUrl)) {
    const made = await post(server, path, body);
    assert.equal(made.status, 201, JSON.stringify(made.json));
  }
  const model = await post(server, '/admin/models/test', { provider_id: 'openai-main', upstream_id: 'gpt-4.1-mini' });
  assert.equal(model.json.ok, true, JSON.stringify(model.json));

  for (const [name, providerId] of [['openai/gpt-mini', 'openai-main'], ['codex/interactive', 'interactive-main']]) {
    const answer = await ask(server, name);
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    assert.equal(answer.json.model, name);
    const last = (await upstream.requests()).at(-1);
    assert.equal(JSON.parse(last.body).model, 'gpt-4.1-mini');
    assert.equal(last.header('authorization'), 'Bearer replace-with-provider-key');
    assert.ok(answer.headers.get('x-proxy-resource-id').startsWith(`${providerId}-`));
  }
  const rows = await server.rows(2);
  assert.deepEqual(rows.map((row) => [row.provider_id, row.model_alias]),
    [['interactive-main', 'codex/interactive'], ['openai-main', 'openai/gpt-mini']]);
  // A model that is no alias still goes to the environment's keys.
  assert.equal((await ask(server, 'gpt-4.1-mini')).status, 200);
  assert.ok(server.keys.includes((await upstream.requests()).at(-1).key));
});

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

test('under load, changes fail no request that a consistent reader would have served', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  await post(server, '/admin/providers', provider('steady', upstream));
  await post(server, '/admin/models', alias('steady', 'steady'));
  let random = 12345;
  const next = (n) => (random = (random * 1103515245 + 12345) % 2147483648) % n;
  let changing = true;
  const failures = [];
  let served = 0;
  const client = async () => {
    while (changing) {
      const answer = await ask(server, 'steady');
      ++served;
      if (answer.status !== 200 || answer.json.model !== 'steady') failures.push(answer.json);
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, client));
  for (let operation = 0; operation < 500; ++operation) {
    const id = `p${next(5)}`;
    const name = `m/${next(5)}`;
    const calls = [
      () => post(server, '/admin/providers', provider(id, upstream, { weight: 1 + next(3) })),
      () => post(server, '/admin/models', alias(name, next(2) ? 'steady' : id)),
      () => call(server, 'PATCH', `/admin/providers/${id}`, { enabled: next(2) === 0 }),
      () => call(server, 'PATCH', '/admin/providers/steady', { weight: 1 + next(5) }),
      () => call(server, 'PATCH', '/admin/models/steady', { display_name: `Steady ${next(9)}` }),
      () => call(server, 'DELETE', `/admin/providers/${id}?cascade=true`),
      () => call(server, 'DELETE', `/admin/models/${name}`),
      () => post(server, '/admin/routing/reload'),
    ];
    const { status } = await calls[next(calls.length)]();
    assert.ok([200, 201, 404, 409, 422].includes(status), `status ${status}`);
  }
  changing = false;
  await clients;
  assert.deepEqual(failures.slice(0, 3), []);
  assert.ok(served > 100, `${served} served`);
  await server.idle();
});

test('two replicas over PostgreSQL: a change of one is served by the other', async (t) => {
  const database = await postgresUrl(t);
  const env = { ...kEnv, PROXY_DATABASE_URL: database, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '1' };
  const { upstream, server: here } = await startPair(t, { rules: kRules, env });
  const { server: there } = await startPair(t, { rules: kRules, env });
  await post(here, '/admin/providers', provider('shared', upstream));
  await post(here, '/admin/models', alias('shared/model', 'shared'));
  await eventually('the other replica to serve it', async () => (await ask(there, 'shared/model')).status === 200);
  assert.equal((await call(there, 'PATCH', '/admin/models/shared/model', { enabled: false })).status, 200);
  await eventually('the change to come back', async () => (await ask(here, 'shared/model')).json.model !== 'shared/model');
  assert.equal((await call(there, 'PATCH', '/admin/models/shared/model', { enabled: true })).status, 200);
  await eventually('the change to come back', async () => (await ask(here, 'shared/model')).json.model === 'shared/model');
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

test('a registry file is served, checked, and read again on HUP', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  const path = join(server.folder, 'registry.json');
  const write = (models) => writeFileSync(path, JSON.stringify({
    providers: [{ id: 'filed', base_url: upstream.baseUrl, credential_ref: `file:${server.folder}/key` }], models,
  }));
  writeFileSync(join(server.folder, 'key'), 'key-in-a-file\n');
  write([alias('filed/one', 'filed')]);
  server.env = { ...server.env, PROXY_REGISTRY_FILE: path, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '3600' };
  await server.restart();
  assert.equal((await ask(server, 'filed/one')).status, 200);
  assert.equal((await upstream.requests()).at(-1).key, 'key-in-a-file');
  assert.equal((await call(server, 'GET', '/admin/providers/filed')).json.source, 'file');

  write([alias('filed/two', 'filed')]);
  writeFileSync(join(server.folder, 'key'), 'key-anew-1234\n');
  server.child.process.kill('SIGHUP');
  await eventually('the file to be read', async () => (await ask(server, 'filed/two')).json.model === 'filed/two');
  await ask(server, 'filed/two');
  assert.equal((await upstream.requests()).at(-1).key, 'key-anew-1234');
});

test('no secret is in the database, the kept table, the logs or any answer', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  const secrets = ['sk-secret-of-a-provider-0001', 'sk-secret-of-a-provider-0002', 'sk-secret-of-a-provider-0003'];
  await post(server, '/admin/providers', provider('a', upstream, { api_key: secrets[0] }));
  await post(server, '/admin/providers', provider('b', upstream, { api_key: undefined, api_keys: secrets.slice(1) }));
  await post(server, '/admin/providers', provider('c', upstream, { api_key: secrets[0], weight: 0 }));
  await post(server, '/admin/providers/test', provider('d', upstream, { api_key: secrets[1] }));
  await call(server, 'PATCH', '/admin/providers/a', { api_key: secrets[2] });
  await post(server, '/admin/models', alias('a', 'a'));
  await post(server, '/admin/models', alias('b', 'b'));
  for (const name of ['a', 'b', 'b']) await ask(server, name);
  await server.rows(3);
  for (const path of ['providers', 'models', 'state', 'requests', 'decisions', 'telemetry']) {
    await call(server, 'GET', `/admin/${path}`);
  }
  await server.restart(); // the write-ahead log goes into the database
  const texts = { answers: server.seen, output: server.child.output };
  for (const file of ['proxy.sqlite3', 'proxy.sqlite3-wal', 'data/routing.json', 'data/telemetry.spool']) {
    try {
      texts[file] = readFileSync(join(server.folder, file), 'latin1');
    } catch {
      // not every file is there
    }
  }
  assert.ok(texts['data/routing.json'].includes('"kind":"provider"'));
  for (const [place, text] of Object.entries(texts)) {
    for (const secret of [...secrets, kEncryption, kToken]) {
      assert.ok(!text.includes(secret), `a secret stands in ${place}`);
    }
  }
  assert.equal((await ask(server, 'a')).status, 200);
  assert.equal((await upstream.requests()).at(-1).key, secrets[2]);
});
