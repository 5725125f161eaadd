// Everything that a server keeps, writes and answers is searched for every secret that it was given.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { eventually, startPair } from './harness.mjs';
import { Postgres } from './private_postgres.mjs';
import { alias, ask, call, kEncryption, kToken, post, provider, response } from './registry_calls.mjs';

const kClientToken = 'client-token-of-the-test-77';
const kSecrets = {
  one: 'sk-secret-of-one-account-0001',
  two: 'sk-secret-of-two-accounts-0002',
  three: 'sk-secret-of-two-accounts-0003',
  replaced: 'sk-secret-that-was-replaced-0004',
  refused: 'sk-secret-that-was-refused-0005',
  tried: 'sk-secret-that-was-tried-0006',
  variable: 'sk-secret-in-a-variable-0007',
  file: 'sk-secret-in-a-file-0008',
  echoed: 'sk-secret-that-is-echoed-0009',
  parameter: 'sk-secret-in-a-query-0010',
  environment: 'sk-secret-of-the-environment-0011',
};
// The upstream tells a key back to whoever sent it.
const kRules = [
  {
    key: kSecrets.echoed,
    replies: [{ error: { status: 401, code: 'invalid_api_key', message: `Incorrect API key provided: ${kSecrets.echoed}.` } }],
    repeat_last: true,
  },
  { method: 'GET', replies: [{ json: { object: 'list', data: [] } }], repeat_last: true },
  { method: 'POST', replies: [response(`resp_${kSecrets.one}`)], repeat_last: true },
];

// Every form in which a secret could lie somewhere.
function needles(more) {
  const texts = [...Object.values(kSecrets), kToken, kClientToken, kEncryption, ...more];
  const bytes = Buffer.from(kEncryption, 'base64');
  return [
    ...texts,
    ...texts.map((text) => Buffer.from(text).toString('base64').replace(/=*$/, '').slice(0, -1)),
    ...texts.map((text) => Buffer.from(text).toString('hex')),
    bytes.toString('latin1'),
    bytes.toString('hex'),
  ];
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

// By place: what is there now.
async function everything(server, dump) {
  const api = JSON.parse((await call(server, 'GET', '/openapi.json')).text);
  const paths = Object.keys(api.paths).filter((path) => api.paths[path].get && !path.includes('{file}'));
  for (const path of paths.filter((one) => !one.startsWith('/v1/') && one !== '/admin/events')) {
    for (const name of ['one', 'echoed', 'alias/one']) await call(server, 'GET', path.replace(/\{\w+\}/, name));
  }
  const places = { answers: server.seen, 'the log': server.child.output, 'the dump': dump() };
  for (const path of filesBelow(server.folder)) places[path] = readFileSync(path, 'latin1');
  return places;
}

function search(places, secrets) {
  for (const [place, text] of Object.entries(places)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} stands in ${place}`);
  }
}

async function useThemAll(server, upstream) {
  const add = (id, more) => post(server, '/admin/providers', provider(id, upstream, { api_key: undefined, ...more }));
  await add('one', { api_key: kSecrets.replaced });
  await call(server, 'PATCH', '/admin/providers/one', { api_key: kSecrets.one });
  await add('several', { api_keys: [kSecrets.two, kSecrets.three] });
  assert.equal((await add('refused', { api_key: kSecrets.refused, weight: 0 })).status, 422);
  await post(server, '/admin/providers', { id: 'refused', api_key: kSecrets.refused, base_url: 'https://h/', api_keys: [kSecrets.refused] });
  const tried = await post(server, '/admin/providers/test', provider('tried', upstream, { api_key: kSecrets.tried }));
  assert.equal(tried.json.ok, true, tried.text);
  await add('variable', { credential_ref: 'env:KEY_OF_VARIABLE' });
  await add('file', { credential_ref: `file:${server.env.KEY_FILE}` });
  await add('echoed', { api_key: kSecrets.echoed });
  await post(server, '/admin/providers/test', provider('echoed', upstream, { api_key: undefined }));
  await add('parameter', { auth_type: 'query', api_key: kSecrets.parameter });
  const ids = ['one', 'several', 'variable', 'file', 'echoed', 'parameter'];
  for (const id of ids) {
    await post(server, '/admin/models', alias(`alias/${id}`, id));
    await post(server, '/admin/models/test', { alias: `alias/${id}` });
  }
  const withToken = async (model) => {
    const answer = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${kClientToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'hello' }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  for (const id of [...ids, 'several']) assert.equal(await withToken(`alias/${id}`), id === 'echoed' ? 401 : 200, id);
  assert.equal(await withToken('no/alias'), 200);
  // Now its key is known to be bad, and the refusal says why.
  await call(server, 'POST', '/admin/health/check');
  assert.equal(await withToken('alias/echoed'), 503);
  assert.equal((await ask(server, 'alias/one')).status, 401); // without the client's token
  const used = new Set((await upstream.requests()).map((request) => request.key));
  for (const name of ['one', 'two', 'three', 'variable', 'file', 'echoed', 'tried', 'environment']) {
    assert.ok(used.has(kSecrets[name]), `${name} was not used`);
  }
  return ids.length + 3; // requests on record
}

async function start(t, more = {}) {
  const secrets = mkdtempSync(join(tmpdir(), 'rp-keys-'));
  t.after(() => rmSync(secrets, { recursive: true, force: true }));
  writeFileSync(join(secrets, 'key'), `${kSecrets.file}\n`);
  const env = {
    PROXY_ADMIN_TOKEN: kToken,
    PROXY_ADMIN_PROTECT: 'all',
    PROXY_CLIENT_TOKENS: `alice:${kClientToken}`,
    PROXY_SECRET_ENCRYPTION_KEY: kEncryption,
    PROXY_CAPTURE_BODIES: 'true',
    PROXY_LOG_LEVEL: 'trace',
    KEY_OF_VARIABLE: kSecrets.variable,
    KEY_FILE: join(secrets, 'key'),
    ...more,
  };
  return startPair(t, { rules: kRules, env, keys: [kSecrets.environment] });
}

const rowsOf = async (server) => (await call(server, 'GET', '/admin/requests?limit=100')).json.data.length;

test('no secret is in SQLite, its files, the kept table, the logs or any answer', async (t) => {
  const { upstream, server } = await start(t);
  const requests = await useThemAll(server, upstream);
  await eventually('the records', async () => (await rowsOf(server)) >= requests);
  const database = join(server.folder, 'proxy.sqlite3');
  const dump = () => execFileSync('sqlite3', [database, '.dump'], { encoding: 'utf8' });
  for (const round of ['running', 'started anew']) {
    const places = await everything(server, dump);
    // It is searched where things stand.
    const names = Object.keys(places);
    if (round === 'running') assert.ok(names.some((name) => name.endsWith('.sqlite3-wal')), names.join());
    assert.match(places['the dump'], /registry_providers.*"last4":"0001"/);
    assert.match(places['the dump'], /alias\/several/);
    assert.match(places[names.find((name) => name.endsWith('routing.json'))], /"kind":"provider"/);
    assert.match(places.answers, /Incorrect API key provided/);
    search(places, needles([]));
    await server.restart(); // what was in the write-ahead log goes into the database
  }
});

test('nor in PostgreSQL, and in what is kept while it is away', async (t) => {
  const database = await Postgres.start(t);
  const { upstream, server } = await start(t, { PROXY_DATABASE_URL: database.url });
  const requests = await useThemAll(server, upstream);
  await eventually('the records', async () => (await rowsOf(server)) >= requests);
  const dumped = await database.dump();
  assert.match(dumped, /"last4":"0001"/);
  await database.tell('stop');
  for (const id of ['one', 'echoed']) {
    await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${kClientToken}` },
      body: JSON.stringify({ model: `alias/${id}`, input: 'hello' }),
    });
  }
  await post(server, '/admin/providers', provider('late', upstream, { api_key: kSecrets.refused }));
  await server.restart(); // what is not written is in the spool
  const places = await everything(server, () => dumped);
  const spool = Object.keys(places).find((name) => name.endsWith('telemetry.spool'));
  assert.match(places[spool], /alias\/one/);
  search(places, needles(database.secrets));
});
