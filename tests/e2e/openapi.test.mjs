// /openapi.json is true: it names the methods that are served, answers are as it says, and requests made from it find
// nothing that it does not name.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { startPair } from './harness.mjs';

const kToken = 'e2e-admin-token-0001';
const kMethods = ['get', 'post', 'put', 'patch', 'delete'];
const kTries = 12; // of each operation

const description = async (server) => (await fetch(`${server.url}/openapi.json`)).json();

// [path, method, operation, parameters] of all of them
function operations(api) {
  const resolve = (node) =>
    node.$ref
      ? node.$ref
          .slice(2)
          .split('/')
          .reduce((at, key) => at[key], api)
      : node;
  return Object.entries(api.paths).flatMap(([path, item]) =>
    kMethods
      .filter((method) => item[method])
      .map((method) => {
        const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolve);
        return { path, method, operation: item[method], parameters };
      }),
  );
}

// check(name or schema, value) throws when the value is not as described.
function validator(api) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(api, 'api');
  return (schema, value, what) => {
    const at = JSON.stringify(schema).replaceAll('"#/', '"api#/');
    assert.ok(
      ajv.validate(JSON.parse(at), value),
      `${what}: ${ajv.errorsText()} in ${JSON.stringify(value).slice(0, 400)}`,
    );
  };
}

const schemaOf = (api, operation, status) => {
  const named =
    operation.responses[status] ??
    operation.responses[`${String(status)[0]}XX`] ??
    operation.responses.default;
  const response = named.$ref
    ? named.$ref
        .slice(2)
        .split('/')
        .reduce((at, key) => at[key], api)
    : named;
  return response.content?.['application/json']?.schema;
};

const filled = (path, value = 'x') =>
  path.replace('{file}', 'app.js').replace(/\{\w+\}/g, encodeURIComponent(value));

// Status, headers and text; of a stream that does not end its first event.
async function send(server, path, options = {}) {
  const stop = new AbortController();
  const answer = await fetch(server.url + path, { ...options, signal: stop.signal });
  if (path.startsWith('/admin/events') && answer.ok) {
    const { value } = await answer.body.pipeThrough(new TextDecoderStream()).getReader().read();
    stop.abort();
    return { status: answer.status, headers: answer.headers, text: value };
  }
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const json = { 'content-type': 'application/json' };
const ask = (server, body) =>
  send(server, '/v1/responses', { method: 'POST', headers: json, body: JSON.stringify(body) });

test('redocly finds nothing', async (t) => {
  const { server } = await startPair(t);
  const folder = mkdtempSync(join(tmpdir(), 'rp-openapi-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(await description(server)));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const lint = spawnSync(
    process.execPath,
    ['node_modules/@redocly/cli/bin/cli.js', 'lint', file, '--format=json'],
    { env, encoding: 'utf8' },
  );
  assert.equal(lint.status, 0, lint.stderr);
  const { totals, problems } = JSON.parse(lint.stdout.slice(lint.stdout.indexOf('{')));
  assert.deepEqual(
    totals,
    { errors: 0, warnings: 0, ignored: 0 },
    JSON.stringify(problems.map((p) => [p.ruleId, p.message, p.location])),
  );
});

test('each path takes the methods that are described, and no other', async (t) => {
  const { server } = await startPair(t);
  const api = await description(server);
  const passedOn = /^\/v1\/(responses\/\{|conversations)/; // whatever the method, as their tag says
  // A fixed path of the control plane is one of those that a pattern names, too: a provider may be called "test".
  const itemsOf = (path) =>
    Object.entries(api.paths)
      .filter(
        ([other]) =>
          other === path ||
          (path.startsWith('/admin/') && new RegExp(`^${other.replace(/\{\w+\}/g, '[^{}]+')}$`).test(path)),
      )
      .map(([, item]) => item);
  for (const path of Object.keys(api.paths)) {
    const described = kMethods
      .filter((method) => itemsOf(path).some((item) => item[method] && !item[method].responses['101']))
      .map((method) => method.toUpperCase());
    if (passedOn.test(path)) continue;
    const { status, headers } = await send(server, filled(path), { method: 'PUT' });
    const allowed = (headers.get('allow') ?? '')
      .split(', ')
      .filter((method) => method !== 'HEAD' && method !== '');
    assert.equal(status, 405, path);
    assert.deepEqual(allowed.sort(), described.sort(), path);
  }
  for (const { path, method, operation } of operations(api)) {
    if (operation.responses['101']) continue;
    const { status, text } = await send(server, filled(path), {
      method: method.toUpperCase(),
      ...(method === 'post' && { headers: json, body: '{}' }),
    });
    // An upstream's own 404 is as good an answer as any.
    if ([404, 405].includes(status)) {
      assert.doesNotMatch(text, /"(unknown_path|method_not_allowed)"/, `${method} ${path}`);
    }
  }
});

test('answers are as they are described', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_CAPTURE_BODIES: 'true' } });
  const api = await description(server);
  const check = validator(api);
  await ask(server, { model: 'm', input: 'x', metadata: { session_id: 's', session_name: 'n' } });
  await ask(server, { model: 'm', input: 'x', previous_response_id: 'resp_unknown' });
  await ask(server, 'no object');
  await server.rows(2);
  const paths = operations(api).filter(
    ({ path, method }) =>
      !path.startsWith('/v1/') &&
      !filled(path).endsWith('/x') &&
      (method === 'get' || path.endsWith('/check')),
  );
  for (const { path, method, operation } of paths) {
    for (const query of path === '/admin/usage'
      ? ['', '?by=day', '?by=model', '?by=resource', '?by=session', '?by=caller']
      : ['']) {
      const { status, headers, text } = await send(server, filled(path) + query, {
        method: method.toUpperCase(),
      });
      assert.equal(status, 200, path);
      const type = headers.get('content-type').split(';')[0];
      assert.ok(operation.responses['200'].content[type], `${path}: ${type}`);
      const schema = schemaOf(api, operation, status);
      if (schema) check(schema, JSON.parse(text), path);
    }
  }
  for (const [path, name] of [
    ['/admin/requests/{request_id}', (await server.admin('requests')).data[0].request_id],
    ['/admin/sessions/{session_id}', 's'],
  ]) {
    const { status, text } = await send(server, filled(path, name));
    assert.equal(status, 200, path);
    const { operation } = operations(api).find((one) => one.path === path);
    check(schemaOf(api, operation, status), JSON.parse(text), path);
  }
  // The list of /v1 that is this server's own, as others and as Codex ask for it.
  const { operation: list } = operations(api).find((one) => one.path === '/v1/models');
  for (const query of ['', '?client_version=0.171.0']) {
    const { status, text } = await send(server, `/v1/models${query}`);
    assert.equal(status, 200, query);
    check(schemaOf(api, list, status), JSON.parse(text), `/v1/models${query}`);
  }
  const { text } = await send(server, '/admin/events');
  check({ $ref: '#/components/schemas/State' }, JSON.parse(text.match(/^data: (.*)$/m)[1]), '/admin/events');
  assert.ok((await server.admin('requests')).data.length >= 2);
});

test('what the registry answers is as it is described', async (t) => {
  const { upstream, server } = await startPair(t, {
    env: { PROXY_SECRET_ENCRYPTION_KEY: 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=' },
  });
  const api = await description(server);
  const check = validator(api);
  const provider = { id: 'p', base_url: upstream.baseUrl, api_key: 'sk-key-of-p-12345' };
  const model = { alias: 'a/b', provider_id: 'p', upstream_id: 'u' };
  const large = { ...provider, id: 'large', metadata: { text: 'x'.repeat(300_000) } };
  const calls = [
    ['post', '/admin/providers', '', provider, 201],
    ['post', '/admin/providers', '', { ...provider, upstream_id_example: 'x' }, 200],
    ['post', '/admin/providers', '', { ...provider, weight: 0 }, 422],
    ['post', '/admin/providers', '', large, 413],
    ['post', '/admin/providers', '', provider, 412, { 'if-none-match': '*' }],
    ['post', '/admin/providers', '', provider, 400, { 'if-match': 'x' }],
    ['post', '/admin/providers/test', '', provider, 200],
    ['post', '/admin/providers/test', '', { id: 'p' }, 422],
    ['get', '/admin/providers/{provider_id}', 'p', undefined, 200],
    ['get', '/admin/providers/{provider_id}', 'gone', undefined, 404],
    ['patch', '/admin/providers/{provider_id}', 'p', { weight: 2, weigth: 3 }, 200],
    ['patch', '/admin/providers/{provider_id}', 'p', { weight: 'x' }, 422],
    ['patch', '/admin/providers/{provider_id}', 'p', {}, 412, { 'if-match': '"0"' }],
    ['patch', '/admin/providers/{provider_id}', 'gone', {}, 404],
    ['post', '/admin/models', '', model, 201],
    ['post', '/admin/models', '', { ...model, other: 1 }, 200],
    ['post', '/admin/models', '', { ...model, provider_id: 'gone' }, 422],
    ['post', '/admin/models/test', '', { alias: 'a/b' }, 200],
    ['post', '/admin/models/test', '', { alias: 'gone' }, 404],
    ['get', '/admin/models/{alias}', 'a/b', undefined, 200],
    ['patch', '/admin/models/{alias}', 'a/b', { enabled: false }, 200],
    ['patch', '/admin/models/{alias}', 'a/b', { kind: 'robot' }, 422],
    ['get', '/admin/providers', '', undefined, 200],
    ['get', '/admin/models', '', undefined, 200],
    ['get', '/admin/state', '', undefined, 200],
    ['post', '/admin/routing/reload', '', undefined, 200],
    ['delete', '/admin/providers/{provider_id}', 'p', undefined, 409],
    ['delete', '/admin/providers/{provider_id}', 'p?cascade=perhaps', undefined, 400],
    ['delete', '/admin/models/{alias}', 'a/b', undefined, 200],
    ['delete', '/admin/models/{alias}', 'a/b', undefined, 404],
    ['delete', '/admin/providers/{provider_id}', 'p?cascade=true', undefined, 200],
  ];
  for (const [method, path, name, body, due, headers] of calls) {
    const { status, text } = await send(server, path.replace(/\{\w+\}/, name), {
      method: method.toUpperCase(),
      headers: { ...json, ...headers },
      body: body && JSON.stringify(body),
    });
    const what = `${method} ${path} ${name} ${JSON.stringify(body)?.slice(0, 100)}: ${status} ${text.slice(0, 200)}`;
    assert.equal(status, due, what);
    const { operation } = operations(api).find((one) => one.path === path && one.method === method);
    assert.ok(operation.responses[status], `not named: ${what}`);
    check(schemaOf(api, operation, status), JSON.parse(text), what);
  }
});

test('with a token, what needs it says so', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_ADMIN_TOKEN: kToken, PROXY_ADMIN_PROTECT: 'all' } });
  const api = await description(server);
  const check = validator(api);
  for (const { path, method, operation } of operations(api)) {
    if (path.startsWith('/v1/')) continue;
    const { status, text } = await send(server, filled(path), {
      method: method.toUpperCase(),
      ...(method !== 'get' && { body: '' }),
    });
    const needs = (operation.security ?? []).some((one) => one.adminToken);
    assert.equal(status === 401, needs, `${method} ${path}: ${status}`);
    if (status === 401) check(schemaOf(api, operation, 401), JSON.parse(text), path);
  }
});

// ---- requests made from the description ----

function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}
const kTexts = [
  '',
  'x',
  '0',
  '-1',
  '1001',
  '99999999999999999999',
  'null',
  '%',
  '%00',
  '../..',
  "'; DROP TABLE requests; --",
  '2026-13-45T99:99:99Z',
  '1e309',
  'ÿ',
  '\u{1f600}',
  'a'.repeat(3000),
  '5xx',
  'true',
  '{"a":1}',
  '[]',
];

function valueFor(schema, random) {
  const pick = (list) => list[random(list.length)];
  if (random(3) === 0) return pick(kTexts);
  if (schema.enum) return pick(schema.enum);
  if (schema.type === 'integer') return String(pick([schema.minimum ?? 0, schema.maximum ?? 5, 7]));
  if (schema.type === 'boolean') return pick(['true', 'false']);
  return pick(['m', 's', '200', '4xx', new Date(1.7e12).toISOString(), '1700000000']);
}

function bodyFor(random) {
  const bodies = [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"model":1}',
    '{"model":"m","model":"n","input":"x"}',
    '{"model":"m","input":"x"}',
    '{"model":"m","input":[{"type":"item_reference","id":5}]}',
    '{"model":"m","input":"x","metadata":[]}',
    `{"model":"m","input":${'['.repeat(400)}${']'.repeat(400)}}`,
    '{"id":"p","base_url":"http://127.0.0.1:9/v1"}',
    '{"alias":"a/b","provider_id":"p","upstream_id":"u"}',
    '\ud800',
  ];
  return bodies[random(bodies.length)];
}

// A request that the operation might get; only sometimes a good one.
function requestFor({ path, method, parameters }, random) {
  const query = new URLSearchParams();
  const headers = { ...(random(4) > 0 && json) };
  let target = path.replace('{file}', 'app.js');
  for (const { name, in: place, required, schema } of parameters) {
    const value = valueFor(schema ?? {}, random);
    if (place === 'path') target = target.replace(`{${name}}`, encodeURIComponent(value || 'x'));
    else if (place === 'query' && random(3) === 0) query.append(name, value);
    else if (place === 'header' && name !== 'Upgrade' && (required || random(3) === 0))
      headers[name] = encodeURIComponent(value);
  }
  if (random(8) === 0) query.append('nonsense', 'x');
  const body = method === 'get' ? undefined : bodyFor(random);
  return [target + (query.size > 0 ? `?${query}` : ''), { method: method.toUpperCase(), headers, body }];
}

test('requests made from the description find no 500 and no unnamed 4xx', async (t) => {
  const { server } = await startPair(t);
  const api = await description(server);
  const check = validator(api);
  const seed = Number(process.env.RP_FUZZ_SEED ?? 20261127);
  const random = randomNumbers(seed);
  const all = operations(api);
  for (const one of all) {
    for (let n = 0; n < kTries; ++n) {
      const [path, options] = requestFor(one, random);
      const { status, text } = await send(server, path, options);
      const what = `${options.method} ${path} ${options.body ?? ''} (seed ${seed}): ${status} ${text.slice(0, 200)}`;
      assert.notEqual(status, 500, what);
      if (status < 400 || status > 499) continue;
      const { responses } = one.operation;
      assert.ok(responses[status] || responses['4XX'], `not named: ${what}`);
      const schema = schemaOf(api, one.operation, status);
      if (schema && text !== '') check(schema, JSON.parse(text), what);
    }
  }
  assert.ok(all.length > 20);
  assert.equal((await send(server, '/healthz')).status, 200);
});
