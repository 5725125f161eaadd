// Replicas, Redis, workers and a database: whatever dies, each answered request is on record once.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { postgresUrl, startAll, Worker } from './cluster.mjs';
import { binary, Child, eventually, withDeadline } from './harness.mjs';

// Requests to each server in turn, eight at a time, as long as `goesOn`. The ids of all answers.
async function load(servers, goesOn) {
  const ids = [];
  const client = async (number) => {
    for (let i = number; goesOn(); ++i) {
      const response = await fetch(`${servers[i % servers.length].baseUrl}/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-proxy-session-id': `s-${number}` },
        body: JSON.stringify({ model: 'm', input: 'hi' }),
      });
      await response.arrayBuffer();
      assert.equal(response.status, 200);
      ids.push(response.headers.get('x-request-id'));
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => client(number)));
  return ids;
}

// Waits for the records of exactly these requests; none is counted twice.
async function checkRecords(servers, ids) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
  await eventually('an empty stream', async () => {
    const states = await Promise.all(servers.map((server) => server.admin('state')));
    const waiting = states.map(({ telemetry }) => telemetry.queued + telemetry.spooled);
    const done = waiting.every((n) => n === 0) && states.every((s) => s.telemetry.stream.length === 0);
    if (!done) await pause();
    return done;
  });
  const rows = await eventually('all rows', async () => {
    const found = await servers[0].allRows();
    if (found.length < ids.length) await pause();
    return found.length >= ids.length && found;
  });
  assert.deepEqual(rows.map((row) => row.request_id).sort(), [...ids].sort());
  const sessions = await servers[0].allRows('sessions');
  const counted = sessions.reduce((sum, session) => sum + session.request_count, 0);
  assert.equal(counted, ids.length);
  for (const server of servers) {
    assert.equal((await server.admin('state')).telemetry.dropped, 0);
  }
}

// A fixed sequence: small numbers that look random.
function* numbers(seed) {
  for (let x = seed; ; ) {
    x = (x * 1103515245 + 12345) % 2147483648;
    yield Math.floor(x / 65536);
  }
}

async function killWorkers(t, database) {
  const seed = Date.now() % 100_000;
  t.diagnostic(`seed ${seed}`);
  const { servers, workers, redis } = await startAll(t, { replicas: 2, workers: 2, database });
  let stop = false;
  const loading = load(servers, () => !stop);
  const random = numbers(seed);
  let killed = 0;
  for (const end = Date.now() + 8_000; Date.now() < end; ++killed) {
    const before = Number(redis.command('HGET', 'telemetry:events:totals', 'written'));
    await eventually('the workers to write', () =>
      Number(redis.command('HGET', 'telemetry:events:totals', 'written')) > before);
    await new Promise((resolve) => setTimeout(resolve, random.next().value % 200));
    await workers[random.next().value % 2].crash();
  }
  stop = true;
  const ids = await loading;
  assert.ok(killed > 8, `${killed} workers killed`);
  assert.ok(ids.length > 500, `${ids.length} requests`);
  await checkRecords(servers, ids);
  t.diagnostic(`${ids.length} requests, ${killed} workers killed`);
  // The dead are nobody's members for ever: none has anything left.
  assert.match(redis.command('XPENDING', 'telemetry:events', 'responses-proxy-workers'), /^0\b/);
  for (const worker of workers) await worker.stop();
}

test('workers are killed under load, SQLite', (t) => killWorkers(t));

test('workers are killed under load, PostgreSQL', async (t) => killWorkers(t, await postgresUrl(t)));

test('Redis dies under load and comes back empty', async (t) => {
  const { servers, redis } = await startAll(t, { replicas: 2, workers: 1 });
  let stop = false;
  const loading = load(servers, () => !stop);
  const written = () => Number(redis.command('HGET', 'telemetry:events:totals', 'written'));
  for (let i = 0; i < 2; ++i) {
    await eventually('some records', () => written() > 100);
    await redis.kill();
    await eventually('records in the spools', async () => {
      const states = await Promise.all(servers.map((server) => server.admin('state')));
      return states.every(({ telemetry }) => telemetry.spooled > 50);
    });
    assert.equal((await servers[0].admin('state')).telemetry.stream.reachable, false);
    await redis.launch();
  }
  stop = true;
  await checkRecords(servers, await loading);
  for (const server of servers) {
    const outages = server.child.output.match(/records wait for Redis: /g).length;
    assert.ok(outages <= 2, `${outages} lines about two outages`);
  }
});

test('SIGTERM ends a worker between two batches, and another one goes on', async (t) => {
  const { servers, workers, redis } = await startAll(t, { replicas: 1, workers: 2 });
  let stop = false;
  const loading = load(servers, () => !stop);
  await eventually('some records', () =>
    Number(redis.command('HGET', 'telemetry:events:totals', 'written')) > 100);
  const [first, second] = workers;
  const counts = [await first.stop()];
  const members = redis.command('XINFO', 'CONSUMERS', 'telemetry:events', 'responses-proxy-workers');
  assert.ok(!members.includes(first.name));
  stop = true;
  const ids = await loading;
  await checkRecords(servers, ids);
  counts.push(await second.stop());
  assert.equal(counts[0].written + counts[1].written, ids.length);
  assert.deepEqual(counts.map(({ claimed }) => claimed), [0, 0]); // nothing was left behind
});

test('a server may run the worker itself', async (t) => {
  const env = { PROXY_IN_PROCESS_WORKER: 'true' };
  const { servers } = await startAll(t, { replicas: 2, workers: 0, env });
  let sent = 0;
  await checkRecords(servers, await load(servers, () => sent++ < 200));
});

test('a server that stops leaves nothing in the stream if it runs the worker', async (t) => {
  const env = { PROXY_IN_PROCESS_WORKER: 'true' };
  const { servers: [server], redis } = await startAll(t, { replicas: 1, workers: 0, env });
  let sent = 0;
  const ids = await load([server], () => sent++ < 200);
  server.child.process.kill('SIGTERM');
  assert.equal(await withDeadline(server.child.exited, 'the end'), 0);
  assert.equal(redis.command('XLEN', 'telemetry:events'), '0');
  assert.equal(redis.command('HGET', 'telemetry:events:totals', 'written'), String(ids.length));
});

test('a worker obeys the signals of a server, and strays do nothing to it', async (t) => {
  const { servers, workers: [worker] } = await startAll(t, { replicas: 1, workers: 1 });
  const { pid } = worker.child.process;
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGXFSZ', 40]) {
    process.kill(pid, signal);
  }
  let sent = 0;
  const ids = await load(servers, () => sent++ < 20);
  await checkRecords(servers, ids);
  assert.equal((await worker.stop('SIGQUIT')).written, ids.length);
});

test('metrics show what waits in the stream while no worker runs', async (t) => {
  const { servers, redis } = await startAll(t, { replicas: 1, workers: 0 });
  let sent = 0;
  const ids = await load(servers, () => sent++ < 30);
  await eventually('the stream', () => redis.command('XLEN', 'telemetry:events') === '30');
  const metrics = await eventually('the metrics', async () => {
    const text = await (await fetch(`${servers[0].url}/metrics`)).text();
    return /^rp_stream_records 30$/m.test(text) && text;
  });
  assert.match(metrics, /^rp_stream_up 1$/m);
  assert.match(metrics, /^rp_telemetry_written_total 30$/m);
  assert.equal((await servers[0].admin('state')).queue_depth, 30);
  const worker = new Worker(servers[0].env);
  t.after(() => worker.child.process.kill('SIGKILL'));
  await worker.launch();
  await checkRecords(servers, ids);
  assert.deepEqual(await worker.stop(), { written: 30, poison: 0, claimed: 0 });
});

test('without Redis a worker has nothing to do, and says so', async () => {
  const child = new Child(binary('RP_SERVER'), ['worker'], { env: {} });
  assert.equal(await withDeadline(child.exited, 'the worker to end'), 2);
  assert.match(child.output, /^error: PROXY_REDIS_URL: is not set: .*a worker has nothing to do$/m);
});
