// Records in PostgreSQL, and what becomes of requests when it does not do its part.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { test } from 'node:test';

import { binary, Child, eventually, startPair } from './harness.mjs';
import { Postgres } from './private_postgres.mjs';

const kRules = [
  { method: 'POST', replies: [{ response: { id: 'resp_1', text: 'ok' } }], repeat_last: true },
];

// Passes bytes on after `delay` ms, in both directions.
async function slowDown(t, target, delay) {
  const sockets = new Set();
  const listener = createServer((client) => {
    const server = connect(target.port, target.hostname);
    for (const [from, to] of [[client, server], [server, client]]) {
      sockets.add(from);
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), delay));
      from.on('close', () => setTimeout(() => to.destroy(), delay));
      from.on('error', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  return listener.address().port;
}

async function start(t, url, env = {}) {
  const { server } = await startPair(t, { rules: kRules, env: { PROXY_DATABASE_URL: url, ...env } });
  return server;
}

// Eight at a time; all of them are answered with 200. Returns the ids.
async function post(server, count) {
  const ids = [];
  let sent = 0;
  const worker = async () => {
    while (sent++ < count) {
      const response = await fetch(`${server.baseUrl}/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-proxy-session-id': `s-${sent % 7}` },
        // An id nobody knows: the database is asked.
        body: JSON.stringify({ model: 'm', input: 'hi', previous_response_id: `resp_${sent}` }),
      });
      await response.arrayBuffer();
      assert.equal(response.status, 200);
      ids.push(response.headers.get('x-request-id'));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return ids;
}

const readiness = async (server) => (await fetch(`${server.url}/readyz`)).status;

async function becomesReady(server) {
  await eventually('/readyz to be 200', async () => (await readiness(server)) === 200);
}

async function spooled(server, count) {
  await eventually('the records to be spooled', async () =>
    (await server.admin('state')).telemetry.spooled === count);
}

async function holdsExactly(postgres, server, ids) {
  await eventually('all records', async () =>
    Number(await postgres.sql('SELECT COUNT(*) FROM requests')) >= ids.length);
  const stored = await postgres.sql('SELECT request_id FROM requests ORDER BY 1');
  assert.deepEqual(stored.split('\n'), [...ids].sort());
  assert.equal((await server.admin('state')).telemetry.dropped, 0);
}

function outages(server, pattern) {
  const lines = server.child.output.match(/records wait for the database: .*/g) ?? [];
  assert.equal(lines.length, 1, server.child.output);
  assert.match(lines[0], pattern);
}

function keepsSecrets(postgres, text) {
  for (const secret of postgres.secrets) assert.ok(!text.includes(secret), text);
}

test('records are in PostgreSQL, before and after a restart', async (t) => {
  const postgres = await Postgres.start(t);
  const server = await start(t, postgres.url.replace('postgresql://', 'postgresql+asyncpg://'));
  await becomesReady(server);
  const ids = await post(server, 50);
  await holdsExactly(postgres, server, ids);
  assert.equal((await server.allRows()).length, 50);
  assert.equal((await server.allRows('sessions')).length, 7);
  await server.restart();
  assert.equal((await server.allRows()).length, 50);
  keepsSecrets(postgres, server.child.output);
});

test('down at the start: requests go on, records follow', async (t) => {
  const postgres = await Postgres.start(t);
  await postgres.tell('stop');
  const server = await start(t, postgres.url);
  const ids = await post(server, 50);
  assert.equal(await readiness(server), 503);
  await spooled(server, 50);
  await postgres.tell('start');
  await becomesReady(server);
  await holdsExactly(postgres, server, ids);
  outages(server, /Connection refused/);
  keepsSecrets(postgres, server.child.output);
});

test('lost under load, and restarted', async (t) => {
  const postgres = await Postgres.start(t);
  const server = await start(t, postgres.url);
  const before = await post(server, 20);
  await holdsExactly(postgres, server, before);
  await postgres.tell('stop');
  const during = await post(server, 100);
  await spooled(server, 100);
  assert.equal(await readiness(server), 503);
  await postgres.tell('start');
  await becomesReady(server);
  await holdsExactly(postgres, server, [...before, ...during]);
  outages(server, /./);
});

test('restarted empty: the tables are made again', async (t) => {
  const postgres = await Postgres.start(t);
  const server = await start(t, postgres.url);
  await holdsExactly(postgres, server, await post(server, 20));
  await postgres.tell('stop');
  const during = await post(server, 20);
  await spooled(server, 20);
  await postgres.tell('erase');
  await becomesReady(server);
  await holdsExactly(postgres, server, [...during, ...(await post(server, 20))]);
});

test('silent: requests go on', async (t) => {
  const postgres = await Postgres.start(t);
  const server = await start(t, postgres.url);
  const before = await post(server, 20);
  await holdsExactly(postgres, server, before);
  await postgres.tell('freeze');
  const during = await post(server, 100);
  await spooled(server, 100);
  assert.equal(await readiness(server), 503);
  await postgres.tell('thaw');
  await becomesReady(server);
  await holdsExactly(postgres, server, [...before, ...during]);
  outages(server, /./);
});

test('slow: nothing is lost, and it is no outage', async (t) => {
  const postgres = await Postgres.start(t);
  const url = new URL(postgres.url);
  const port = await slowDown(t, url, 100); // 200 ms there and back
  const server = await start(t, postgres.url.replace(`:${url.port}/`, `:${port}/`));
  await becomesReady(server);
  await holdsExactly(postgres, server, await post(server, 200));
  await eventually('the writer to know', async () =>
    (await server.admin('state')).telemetry.written === 200);
  assert.ok(!server.child.output.includes('records wait'), server.child.output);
});

test('read-only: records wait', async (t) => {
  const postgres = await Postgres.start(t);
  const server = await start(t, postgres.url);
  await becomesReady(server);
  const database = new URL(postgres.url).pathname.slice(1);
  const setReadOnly = (value) => postgres.sql(
    `ALTER DATABASE ${database} SET default_transaction_read_only = ${value}; ` +
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() ' +
    'AND datname = current_database()');
  await setReadOnly('on');
  const ids = await post(server, 50);
  await spooled(server, 50);
  await setReadOnly('off');
  await holdsExactly(postgres, server, ids);
  outages(server, /read-only transaction/);
});

test('a wrong password: requests go on, and it stands nowhere', async (t) => {
  const postgres = await Postgres.start(t);
  const url = postgres.url.replace(/:[^:@]*@/, ':hunter2-hunter2@');
  const server = await start(t, url);
  await post(server, 20);
  await spooled(server, 20);
  assert.equal(await readiness(server), 503);
  const answers = await Promise.all(
    ['readyz', 'metrics', 'admin/state', 'admin/requests', 'admin/sessions'].map(async (path) =>
      (await fetch(`${server.url}/${path}`)).text()));
  outages(server, /password authentication failed/);
  const check = new Child(binary('RP_SERVER'), ['check-config'], { env: server.env });
  const migrate = new Child(binary('RP_SERVER'), ['migrate'], { env: server.env });
  for (const child of [check, migrate]) while ((await child.line()) !== undefined);
  assert.equal(await check.exited, 2);
  assert.equal(await migrate.exited, 1);
  for (const child of [check, migrate]) assert.match(child.output, /password authentication failed/);
  assert.match(check.output, /postgresql:\/\/proxy:\*\*\*@/);
  for (const text of [...answers, server.child.output, check.output, migrate.output]) {
    assert.ok(!text.includes('hunter2'), text);
  }
});

test('rp-server migrate', async (t) => {
  const postgres = await Postgres.start(t);
  const env = { PROXY_DATABASE_URL: postgres.url };
  const children = [1, 2, 3].map(() => new Child(binary('RP_SERVER'), ['migrate'], { env }));
  for (const child of children) {
    assert.ok(await child.line(/^the database has this version's schema$/), child.output);
    assert.equal(await child.exited, 0);
  }
  assert.notEqual(await postgres.sql('SELECT COUNT(*) FROM schema_migrations'), '0');
});
