// Records while another process locks the database, across a kill -9 in the midst of that, and while
// the disk is full.
import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, eventually, startPair, withDeadline } from './harness.mjs';

const kRules = [
  { method: 'POST', replies: [{ response: { id: 'resp_1', text: 'ok' } }], repeat_last: true },
];
const kSafeAfter = 1_500; // a record this old has left the memory of rp-server

// Holds the lock until it is released.
async function lock(t, server) {
  const locker = new Child(binary('RP_SQLITE_LOCKER'), [join(server.folder, 'proxy.sqlite3')]);
  t.after(() => locker.process.kill());
  assert.ok(await locker.line(/^locked$/), locker.output);
  return async () => {
    locker.process.stdin.end();
    assert.equal(await withDeadline(locker.exited, 'the lock to be released'), 0);
  };
}

async function post(server, sessionId) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-proxy-session-id': sessionId },
    body: JSON.stringify({ model: 'gpt-4.1-mini', input: 'hi' }),
  });
  await response.arrayBuffer();
  return { status: response.status, id: response.headers.get('x-request-id') };
}

// Several at a time, until `enough`; what was answered, and when. Ends when the server is gone.
async function load(server, enough) {
  const answered = [];
  const worker = async () => {
    while (!enough(answered)) {
      const answer = await post(server, 'load').catch(() => undefined);
      if (!answer) return;
      answered.push({ ...answer, at: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return answered;
}

const ids = (rows) => rows.map((row) => row.request_id);

test('a locked database: every request is answered, and recorded afterwards', async (t) => {
  const { server } = await startPair(t, { rules: kRules });
  const release = await lock(t, server);
  let sent = 0;
  const answered = await load(server, () => ++sent > 200);
  assert.equal(answered.length, 200);
  assert.ok(answered.every(({ status }) => status === 200));

  const { telemetry } = await eventually('the records to be spooled', async () => {
    const state = await server.admin('state');
    return state.telemetry.spooled === 200 && state;
  });
  assert.equal(telemetry.dropped, 0);
  assert.deepEqual(await server.allRows(), []); // readers are not locked out
  const spool = join(server.folder, 'data', 'telemetry.spool');
  assert.equal(statSync(spool).mode & 0o777, 0o600);

  await release();
  await eventually('all rows', async () => (await server.allRows()).length >= 200);
  assert.deepEqual(ids(await server.allRows()).sort(), answered.map(({ id }) => id).sort());
  await eventually('the spool to be empty', () => statSync(spool).size === 0);
  const log = server.child.output;
  assert.equal(log.match(/records wait for the database: .*database is locked/g)?.length, 1, log);
  assert.equal(log.match(/the database works again, 200 records/g)?.length, 1, log);
});

test('kill -9 while the database is locked: the spool has what the memory lost', async (t) => {
  const { server } = await startPair(t, { rules: kRules });
  const release = await lock(t, server);
  let stop = false;
  const loading = load(server, () => stop);
  const begin = Date.now();
  await eventually('some load', () => Date.now() - begin > 2 * kSafeAfter);
  const killed = Date.now();
  await server.crash(); // starts although the database is still locked
  stop = true;
  const answered = await loading;
  const safe = answered.filter(({ at }) => at <= killed - kSafeAfter).map(({ id }) => id);
  assert.ok(safe.length > 20, `${safe.length} requests`);
  assert.ok(answered.every(({ status }) => status === 200));
  assert.equal((await post(server, 'after')).status, 200);
  assert.ok(existsSync(join(server.folder, 'data', 'telemetry.spool')));

  await release();
  const rows = await eventually('the replay', async () => {
    const { telemetry } = await server.admin('state');
    return telemetry.spooled === 0 && telemetry.queued === 0 && server.allRows();
  });
  const found = new Set(ids(rows));
  assert.equal(found.size, rows.length, 'a request is there twice');
  assert.deepEqual(safe.filter((id) => !found.has(id)), []);
  const sessions = await server.allRows('sessions');
  const load_ = sessions.find(({ session_id }) => session_id === 'load');
  assert.equal(load_.request_count, rows.filter(({ session_id }) => session_id === 'load').length);
});

// Requests on kept connections, `rate` of them per second as far as this machine makes them, in the
// order in which they were answered. Ends when the server is gone.
async function fastLoad(server, rate, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answered = [];
  const ask = () => new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-proxy-session-id': 'fast' };
    const sent = request(`${server.baseUrl}/responses`, { method: 'POST', agent, headers }, (answer) => {
      answer.on('error', reject).resume().on('end', () => {
        answered.push({ id: answer.headers['x-request-id'], at: performance.now() });
        resolve();
      });
    });
    sent.on('error', reject).end('{"model":"gpt-4.1-mini","input":"hi"}');
  });
  const begin = performance.now();
  let due = 0;
  const worker = async () => {
    for (;;) {
      const wait = begin + (1_000 * due++) / rate - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      await ask();
    }
  };
  return { answered, ended: Promise.allSettled(Array.from({ length: connections }, worker)) };
}

test('kill -9 at 2000 requests/s: what is lost are the last ones, and nothing is there twice', async (t) => {
  const kRate = 2_000;
  const kConnections = 64;
  const kMaxBatch = 2_048; // QueueSinkOptions
  const { server } = await startPair(t, { rules: kRules });
  const { answered, ended } = await fastLoad(server, kRate, kConnections);
  await eventually('a load', () => answered.length >= 2 * kRate);
  await server.crash();
  await ended;
  const killed = answered.at(-1).at;
  const found = ids(await server.allRows());
  const known = new Set(found);
  assert.equal(known.size, found.length, 'a request is there twice');
  const lost = answered.filter(({ id }) => !known.has(id));
  const rate = (1_000 * answered.length) / (killed - answered[0].at);
  const reach = lost.length > 0 ? killed - lost[0].at : 0;
  t.diagnostic(`kill -9 at ${rate.toFixed(0)} requests/s: ${lost.length} of ${answered.length} ` +
    `answered requests are not on record, the oldest answered ${reach.toFixed(0)} ms before the end`);
  // The last ones, but for the order in which requests under way at the same time are answered.
  const oldest = answered.findIndex(({ id }) => !known.has(id));
  if (lost.length > 0) assert.ok(answered.length - oldest <= lost.length + kConnections);
  // One batch that was being written, and what came meanwhile.
  assert.ok(lost.length <= 2 * kMaxBatch, `${lost.length} records`);
  assert.ok(lost.length < answered.length / 2, `${lost.length} of ${answered.length}`);
  const session = (await server.allRows('sessions')).find(({ session_id }) => session_id === 'fast');
  assert.equal(session.request_count, found.length);
});

test('two servers on one spool: the second one says so and does not start', async (t) => {
  const { server } = await startPair(t, { rules: kRules });
  const second = new Child(binary('RP_SERVER'), [], { cwd: server.folder, env: server.env });
  assert.notEqual(await withDeadline(second.exited, 'the second server to give up'), 0);
  assert.match(second.output,
    /the spool data\/telemetry\.spool belongs to another rp-server that is running: .*PROXY_TELEMETRY_SPOOL_PATH/);
  assert.equal(statSync(join(server.folder, 'data')).mode & 0o777, 0o700);
  assert.equal((await post(server, 'first')).status, 200);
  const own = new Child(binary('RP_SERVER'), [], {
    cwd: server.folder,
    env: { ...server.env, PROXY_TELEMETRY_SPOOL_PATH: 'data/second.spool' },
  });
  t.after(() => own.process.kill('SIGKILL'));
  assert.ok(await own.line(/^rp-server listening on /), own.output);
});

test('a database that cannot be used is said at the start, and requests are served', async (t) => {
  const { server } = await startPair(t, {
    rules: kRules,
    env: { PROXY_DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/db' },
  });
  const line = /PROXY_DATABASE_URL: PostgreSQL database 127\.0\.0\.1:1\/db: .*; records wait until/;
  await eventually('the line', () => line.test(server.child.output));
  assert.ok(!server.child.output.includes('hunter2'), server.child.output);
  assert.equal((await post(server, 'served')).status, 200);
  await eventually('the record to be spooled', async () => (await telemetryOf(server)).spooled === 1);
});

// The database in one folder, the spool in another; each can be full.
async function startOnDisks(t, env = {}) {
  const { server } = await startPair(t, {
    rules: kRules,
    env: {
      PROXY_SQLITE_URL: 'sqlite:///db/proxy.sqlite3',
      PROXY_TELEMETRY_SPOOL_PATH: 'spool/telemetry.spool',
      LD_PRELOAD: binary('RP_DISK_FULL'),
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      ...env,
    },
  });
  const mark = (folder) => join(server.folder, folder, 'disk-full');
  return {
    server,
    fill: (folder) => writeFileSync(mark(folder), ''),
    free: (folder) => rmSync(mark(folder)),
  };
}

// That many requests, all of which must be answered; their ids.
async function serve(server, n) {
  let sent = 0;
  const answered = await load(server, () => ++sent > n);
  assert.equal(answered.length, n);
  assert.ok(answered.every(({ status }) => status === 200));
  return answered.map(({ id }) => id);
}

const telemetryOf = async (server) => (await server.admin('state')).telemetry;

async function settled(server) {
  return eventually('every record to be settled', async () => {
    const telemetry = await telemetryOf(server);
    return telemetry.spooled === 0 && telemetry.queued === 0 && telemetry;
  });
}

test('no room for the database: the spool has the records until there is', async (t) => {
  const { server, fill, free } = await startOnDisks(t);
  const before = await serve(server, 5);
  await server.rows(5);
  fill('db');
  const during = await serve(server, 200);
  await eventually('the records to be spooled', async () =>
    (await telemetryOf(server)).spooled === 200);
  assert.deepEqual(ids(await server.allRows()).sort(), before.sort()); // it can still be read

  free('db');
  assert.equal((await settled(server)).dropped, 0);
  assert.deepEqual(ids(await server.allRows()).sort(), [...before, ...during].sort());
  assert.equal(statSync(join(server.folder, 'spool', 'telemetry.spool')).size, 0);
  const log = server.child.output;
  assert.equal(log.match(/records wait for the database: .*full/g)?.length, 1, log);
  assert.equal(log.match(/the database works again, 200 records/g)?.length, 1, log);
});

test('no room at all: what memory cannot hold is counted, the rest is written once', async (t) => {
  const { server, fill, free } = await startOnDisks(t, { PROXY_TELEMETRY_QUEUE_SIZE: '100' });
  fill('db');
  const spooled = await serve(server, 50);
  await eventually('the records to be spooled', async () =>
    (await telemetryOf(server)).spooled === 50);
  fill('spool');
  const late = await serve(server, 300);
  const full = await eventually('records to be dropped', async () => {
    const telemetry = await telemetryOf(server);
    const { spooled: kept, queued, dropped } = telemetry;
    return dropped > 0 && kept + queued + dropped === 350 && telemetry;
  });
  assert.ok(full.queued <= 100, JSON.stringify(full));

  free('spool');
  free('db');
  const { dropped } = await settled(server);
  assert.equal(dropped, full.dropped);
  const after = await serve(server, 5);
  await settled(server);
  const found = ids(await server.allRows());
  assert.equal(found.length, 355 - dropped);
  assert.equal(new Set(found).size, found.length, 'a request is there twice');
  const known = new Set([...spooled, ...late, ...after]);
  assert.ok(found.every((id) => known.has(id)));
  assert.deepEqual([...spooled, ...after].filter((id) => !found.includes(id)), []);
  assert.match(server.child.output, /the spool does not take them: .*No space left on device/);
});
