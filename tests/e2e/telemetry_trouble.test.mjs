// Records while another process locks the database, and across a kill -9 in the midst of that.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
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
