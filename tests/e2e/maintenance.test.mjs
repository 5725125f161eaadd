// Old records are deleted while the server serves; backup and restore as docs/operating.md tells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, eventually, startPair, withDeadline } from './harness.mjs';
import { Postgres } from './private_postgres.mjs';

const kRules = [{ replies: [{ response: { id: 'resp_1', text: 'ok' } }], repeat_last: true }];
const kDay = 86_400_000_000; // microseconds

async function ask(server, session) {
  const answer = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-proxy-session-id': session },
    body: JSON.stringify({ model: 'm', input: 'x' }),
  });
  assert.equal(answer.status, 200);
  return answer.headers.get('x-request-id');
}

// What is in the database becomes older.
const ageing = (days) =>
  `UPDATE requests SET row_key = row_key - ${days * kDay} * 1024, created_at = created_at - ${days * kDay};`
  + `UPDATE sessions SET created_at = created_at - ${days * kDay}, last_seen_at = last_seen_at - ${days * kDay};`
  + `UPDATE usage_days SET day = day - ${days};`
  + `UPDATE usage_session_days SET stretch = stretch - ${days} * 1048576;`;

const sqlite = (server, statements) =>
  execFileSync('sqlite3', [join(server.folder, 'proxy.sqlite3'), statements], { encoding: 'utf8' });

async function checkRetention(server, age) {
  await ask(server, 'old');
  await server.rows(1);
  await age();
  await server.restart(); // it looks at once, and then each minute
  await eventually('the old record to go', async () => (await server.admin('requests')).data.length === 0);
  assert.deepEqual((await server.admin('sessions')).data, []);
  const id = await ask(server, 'new');
  assert.equal((await server.rows(1))[0].request_id, id);
  const usage = await server.admin('usage');
  assert.deepEqual(usage.by_day.map(({ requests }) => requests), [1, 1]);
  assert.deepEqual(usage.by_model.map(({ requests }) => requests), [2]);
  assert.deepEqual(usage.by_session.map(({ session_id: session }) => session), ['new']);
  assert.ok(!server.child.output.includes('maintenance_failed'));
}

test('SQLite: records older than PROXY_RECORD_RETENTION_DAYS go, sums of usage stay', async (t) => {
  const { server } = await startPair(t, { rules: kRules, env: { PROXY_RECORD_RETENTION_DAYS: '30' } });
  await checkRetention(server, () => sqlite(server, ageing(40)));
});

test('PostgreSQL: the same', async (t) => {
  const postgres = await Postgres.start(t);
  const { server } = await startPair(t, {
    rules: kRules,
    env: { PROXY_RECORD_RETENTION_DAYS: '30', PROXY_DATABASE_URL: postgres.url },
  });
  await checkRetention(server, () => postgres.sql(ageing(40)));
});

// The blocks of shell commands below the heading, in their order.
function documented() {
  const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const section = page.split('### Backup and restore\n')[1].split(/\n##+ /)[0];
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, commands]) => commands);
}

function run(server, commands) {
  const bin = join(server.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, 'rp-server'), { force: true });
  symlinkSync(binary('RP_SERVER'), join(bin, 'rp-server'));
  return execFileSync('sh', ['-euc', commands], {
    cwd: server.folder, encoding: 'utf8', env: { ...server.env, PATH: `${bin}:${process.env.PATH}` },
  });
}

// The program goes on with the same data.
async function stopped(server, work) {
  server.child.process.kill('SIGTERM');
  assert.equal(await withDeadline(server.child.exited, 'rp-server to stop'), 0);
  const output = work();
  await server.relaunch();
  return output;
}

const [kSqliteBackup, kSqliteRestore, kPostgresBackup, kPostgresRestore] = documented();

async function checkBackup(server, backup, restore) {
  const kept = await ask(server, 'kept');
  await server.rows(1);
  run(server, backup);
  await ask(server, 'lost');
  await server.rows(2);
  const output = await stopped(server, () => run(server, restore));
  assert.deepEqual((await server.admin('requests')).data.map((row) => row.request_id), [kept]);
  assert.deepEqual((await server.admin('usage')).by_session.map((row) => row.session_id), ['kept']);
  await ask(server, 'after');
  await server.rows(2);
  return output;
}

test('SQLite: a copy made while it runs brings back what was there', async (t) => {
  const { server } = await startPair(t, {
    rules: kRules, env: { PROXY_SQLITE_URL: 'sqlite:///data/proxy.sqlite3' },
  });
  const output = await checkBackup(server, kSqliteBackup, kSqliteRestore);
  assert.match(output, /^ok$/m);
});

test('PostgreSQL: so does a dump', async (t) => {
  const postgres = await Postgres.start(t);
  const { server } = await startPair(t, { rules: kRules, env: { PROXY_DATABASE_URL: postgres.url } });
  await checkBackup(server, kPostgresBackup, kPostgresRestore);
});
