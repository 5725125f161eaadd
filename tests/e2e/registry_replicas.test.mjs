// What is registered on one replica is served by the others, and goes on without the database.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startAll } from './cluster.mjs';
import { eventually, startPair } from './harness.mjs';
import { Postgres } from './private_postgres.mjs';
import { alias, ask, call, kEnv, kRules, post, provider } from './registry_calls.mjs';

const serves = async (server, name) => (await ask(server, name)).json.model === name;
const heard = (server, name, what = true) =>
  eventually(`${name} to be ${what ? 'served' : 'gone'}`, async () => (await serves(server, name)) === what);
const stateOf = async (server) => (await call(server, 'GET', '/admin/state')).json.registry;
// Longer than any test waits.
const kNever = { ...kEnv, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '3600' };

// In both directions, more often than a connection is made anew.
async function exchangeNews(upstream, here, there) {
  assert.equal((await post(here, '/admin/providers', provider('shared', upstream))).status, 201);
  for (const [index, [from, to]] of [[here, there], [there, here], [here, there]].entries()) {
    const name = `shared/model-${index}`;
    await heard(to, 'shared/nothing', false);
    assert.equal((await post(from, '/admin/models', alias(name, 'shared'))).status, 201);
    await heard(to, name);
    assert.equal((await call(from, 'PATCH', `/admin/models/${name}`, { enabled: false })).status, 200);
    await heard(to, name, false);
  }
}

test('over PostgreSQL a change is heard of at once, whatever the interval is', async (t) => {
  const { url } = await Postgres.start(t);
  const env = { ...kNever, PROXY_DATABASE_URL: url };
  const { upstream, server: here } = await startPair(t, { rules: kRules, env });
  const { server: there } = await startPair(t, { rules: kRules, env });
  await exchangeNews(upstream, here, there);
});

test('with Redis a change is heard of at once, whatever the database is', async (t) => {
  const { upstream, servers } = await startAll(t, { replicas: 2, workers: 0, rules: kRules, env: kNever });
  await exchangeNews(upstream, ...servers);
});

test('with neither, the interval finds it', async (t) => {
  const env = { ...kEnv, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '0.2' };
  const { upstream, server: here } = await startPair(t, { rules: kRules, env });
  const { server: there } = await startPair(t, {
    rules: kRules, env: { ...env, PROXY_SQLITE_URL: here.env.PROXY_SQLITE_URL },
  });
  await exchangeNews(upstream, here, there);
});

test('the database dies, a replica starts meanwhile, the database comes back', async (t) => {
  const database = await Postgres.start(t);
  const env = { ...kEnv, PROXY_DATABASE_URL: database.url, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '1' };
  const { upstream, server: here } = await startPair(t, { rules: kRules, env });
  const { server: there } = await startPair(t, { rules: kRules, env });
  await post(here, '/admin/providers', provider('kept', upstream));
  await post(here, '/admin/models', alias('kept/model', 'kept'));
  await heard(there, 'kept/model');

  await database.tell('stop');
  await there.restart();
  for (const server of [here, there]) {
    assert.ok(await serves(server, 'kept/model'));
    const refused = await post(server, '/admin/models', alias('new/model', 'kept'));
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.json.error.code, 'database_unavailable');
    await eventually('the state to say so', async () => (await stateOf(server)).database_problem !== null);
  }
  const { data } = (await call(there, 'GET', '/admin/providers')).json;
  assert.deepEqual(data.map(({ id, routable }) => [id, routable]), [['kept', true]]);

  await database.tell('start');
  await eventually('changes to work again', async () =>
    [200, 201].includes((await post(there, '/admin/models', alias('new/model', 'kept'))).status));
  await heard(there, 'new/model');
  await heard(here, 'new/model');
  for (const server of [here, there]) {
    await eventually('the state to say so', async () => (await stateOf(server)).database_problem === null);
  }
});
