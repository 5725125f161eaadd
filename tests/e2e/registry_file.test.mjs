// PROXY_REGISTRY_FILE: what is wrong with it is told with its place, by the schema as by check-config, and a file that is
// wrong changes nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';

import { binary, eventually, startPair } from './harness.mjs';
import { alias, ask, call, kEnv, kRules, post } from './registry_calls.mjs';

const kProvider = { id: 'kimi', base_url: 'https://api.moonshot.ai/v1', credential_ref: 'env:KIMI_API_KEY' };
const kModel = { alias: 'kimi/k2', provider_id: 'kimi', upstream_id: 'kimi-k2.6' };
const withProvider = (more) => ({ providers: [kProvider, { ...kProvider, id: 'b', ...more }], models: [kModel] });
const withModel = (more) => ({ providers: [kProvider], models: [kModel, { ...kModel, alias: 'b', ...more }] });
const withTarget = (more) => withModel({
  provider_id: undefined, upstream_id: undefined,
  targets: [{ provider_id: 'kimi', upstream_id: 'a' }, { provider_id: 'kimi', upstream_id: 'b', ...more }],
});

const kGood = [
  {},
  { $schema: './registry.schema.json', providers: [], models: [] },
  withProvider({}),
  withProvider({ health_path: null, weight: 0.5, pool_id: 'a/b', enabled: false, metadata: { a: [1] } }),
  withProvider({ auth_type: 'none', credential_ref: undefined }),
  withProvider({ config: { headers: { 'OpenAI-Organization': 'org' }, query: { 'api-version': '1' }, websocket: false } }),
  withProvider({ config: { endpoint_path: 'a/b', anthropic_version: '2023-06-01', default_max_tokens: 1, dialect: {}, own: 1 } }),
  withProvider({ credential_ref: 'file:/run/secrets/key' }),
  withModel({ kind: 'agent', display_name: 'B', capabilities: { tools: true }, enabled: false, metadata: {} }),
  withModel({ upstream_id: undefined, route: { model: 'm' } }),
  withTarget({ weight: 2, priority: 3 }),
];

// What is wrong, and where.
const kBad = [
  [{ aliases: [] }, 'aliases'],
  [{ providers: {} }, 'providers'],
  [{ models: 'x' }, 'models'],
  [{ providers: [1] }, 'providers[0]'],
  [{ models: [null] }, 'models[0]'],
  ...[
    ['id', undefined], ['id', 'a b'], ['id', 'x'.repeat(129)], ['id', 7],
    ['name', ''], ['name', 7], ['name', 'x'.repeat(257)],
    ['provider_type', 7], ['provider_type', ''],
    ['base_url', undefined], ['base_url', 'ftp://h/v1'], ['base_url', 7],
    ['wire_api', 'soap'], ['auth_type', 'basic'], ['auth_header', 7], ['auth_header', 'two words'],
    ['credential_ref', 'vault:x'], ['credential_ref', 'env:A-B'], ['credential_ref', 'file:relative'],
    ['credential_ref', 'env:PROXY_ADMIN_TOKEN'],
    ['health_path', '/models'], ['health_path', 7], ['health_path', 'a/../b'],
    ['weight', 0], ['weight', -1], ['weight', 1e7], ['weight', '1'],
    ['pool_id', 'a b'], ['enabled', 'yes'], ['config', []], ['metadata', 'x'],
    ['api_key', 'sk-in-a-file-1234'], ['api_keys', ['sk-in-a-file-1234']], ['weigth', 1],
  ].map(([name, value]) => [
    withProvider({ [name]: value, ...(name.startsWith('api_key') && { credential_ref: undefined }) }),
    `providers[1].${name}`,
  ]),
  ...[
    ['headers', 'x'], ['headers.X-A', 1], ['query.a', 1], ['websocket', 'no'], ['dialect', 1],
    ['endpoint_path', '/a'], ['anthropic_version', 7], ['default_max_tokens', 0], ['default_max_tokens', 1.5],
  ].map(([name, value]) => {
    const [member, inner] = name.split('.');
    return [withProvider({ config: { [member]: inner ? { [inner]: value } : value } }), `providers[1].config.${name}`];
  }),
  ...[
    ['alias', undefined], ['alias', 'a b'], ['alias', 'a//b'], ['display_name', 7], ['display_name', ''],
    ['kind', 'robot'], ['provider_id', undefined], ['provider_id', 7], ['upstream_id', undefined],
    ['upstream_id', 'two words'], ['targets', []], ['targets', 'x'], ['route', 'x'], ['capabilities', 'all'],
    ['enabled', 1], ['metadata', 1], ['upstream', 'x'],
  ].map(([name, value]) => [withModel({ [name]: value }), `models[1].${name}`]),
  ...[['provider_id', undefined], ['upstream_id', undefined], ['weight', 0], ['priority', -1], ['priority', 1001],
    ['priority', 1.5]]
    .map(([name, value]) => [withTarget({ [name]: value }), `models[1].targets[1].${name}`]),
];

function checked(t) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-registry-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'registry.json');
  return (text) => {
    writeFileSync(path, text);
    const { status, stderr } = spawnSync(binary('RP_SERVER'), ['check-config'], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH, OPENAI_API_KEY: 'sk-test-key-one', PROXY_PORT: '0', PROXY_REGISTRY_FILE: path,
        PROXY_SQLITE_URL: `sqlite:///${folder}/db`,
      },
    });
    return { status, errors: stderr.split('\n').filter((line) => line.startsWith('error: ')), path };
  };
}

test('the published schema and check-config say the same of a registry file', async (t) => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/registry.schema.json', import.meta.url)));
  const fits = new Ajv({ strict: false }).compile(schema);
  const check = checked(t);
  for (const document of kGood) {
    const text = JSON.stringify(document);
    const { status, errors } = check(text);
    assert.deepEqual([status, errors], [0, []], text);
    assert.ok(fits(JSON.parse(text)), `${text}: ${JSON.stringify(fits.errors)}`);
  }
  for (const [document, place] of kBad) {
    const text = JSON.stringify(document);
    const { status, errors, path } = check(text);
    assert.equal(status, 2, text);
    assert.equal(errors.length, 1, `${text}: ${errors}`);
    assert.ok(errors[0].startsWith(`error: PROXY_REGISTRY_FILE: ${path}: ${place}: `), `${place}: ${errors}`);
    assert.ok(!errors[0].includes('sk-in-a-file'), errors[0]);
    assert.ok(!fits(JSON.parse(text)), `the schema takes ${text}`);
  }
});

test('all that is wrong with a registry file is told at once', async (t) => {
  const check = checked(t);
  const { errors } = check(JSON.stringify({
    providers: [{ id: 'a b', base_url: 'x', weight: 0 }], models: [{ alias: 'a', enabled: 'yes' }],
  }));
  const places = ['providers[0].id', 'providers[0].base_url', 'providers[0].weight', 'models[0].enabled',
    'models[0].upstream_id', 'models[0].provider_id'];
  assert.deepEqual(errors.map((line) => line.split(': ')[3]), places);
  for (const text of ['', '[]', '{', 'null']) assert.match(check(text).errors[0], /it is no JSON object/);
});

// A server on a registry file that `write` writes.
async function startOnFile(t) {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  const path = join(server.folder, 'registry.json');
  const key = join(server.folder, 'key');
  const filed = { id: 'filed', base_url: upstream.baseUrl, credential_ref: `file:${key}` };
  const write = (models, more = {}) => writeFileSync(path, JSON.stringify({ providers: [{ ...filed, ...more }], models }));
  writeFileSync(key, 'key-in-a-file\n');
  write([alias('filed/one', 'filed')]);
  server.env = { ...server.env, PROXY_REGISTRY_FILE: path, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '3600' };
  await server.restart();
  return { upstream, server, write, key };
}
const registryOf = async (server) => (await call(server, 'GET', '/admin/state')).json.registry;
const metric = async (server) =>
  (await call(server, 'GET', '/metrics')).text.match(/^rp_registry_up\{source="file"\} (\d)$/m)[1];

test('a registry file is served, and read again on HUP', async (t) => {
  const { upstream, server, write, key } = await startOnFile(t);
  assert.equal((await ask(server, 'filed/one')).status, 200);
  assert.equal((await upstream.requests()).at(-1).key, 'key-in-a-file');
  assert.equal((await call(server, 'GET', '/admin/providers/filed')).json.source, 'file');

  write([alias('filed/two', 'filed')]);
  writeFileSync(key, 'key-anew-1234\n');
  server.child.process.kill('SIGHUP');
  await eventually('the file to be read', async () => (await ask(server, 'filed/two')).json.model === 'filed/two');
  await ask(server, 'filed/two');
  assert.equal((await upstream.requests()).at(-1).key, 'key-anew-1234');
});

test('a registry file that is wrong changes nothing, and log, state and metrics say so', async (t) => {
  const { server, write } = await startOnFile(t);
  const works = async () => (await ask(server, 'filed/one')).json.model === 'filed/one';
  const problem = 'providers[0].wire_api: must be one of responses, chat_completions, anthropic_messages, custom';
  assert.deepEqual([(await registryOf(server)).file_problem, await metric(server)], [null, '1']);
  write([alias('filed/two', 'filed')], { wire_api: 'soap' });

  const reloaded = await post(server, '/admin/routing/reload');
  assert.equal(reloaded.status, 503);
  assert.ok(reloaded.json.problem.includes(problem), reloaded.text);
  assert.ok((await registryOf(server)).file_problem.includes(problem));
  assert.equal(await metric(server), '0');
  assert.ok(await works());
  server.child.process.kill('SIGHUP');
  await eventually('the log to say so', () => server.child.output.includes('what was read before goes on'));
  assert.ok(server.child.output.includes(problem), server.child.output);
  assert.ok(await works());

  write([alias('filed/two', 'filed')]);
  assert.equal((await post(server, '/admin/routing/reload')).status, 200);
  assert.equal((await ask(server, 'filed/two')).json.model, 'filed/two');
  assert.deepEqual([(await registryOf(server)).file_problem, await metric(server)], [null, '1']);
});
