// Replicas and workers over one Redis and one database, as processes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { binary, Child, Server, Upstream, withDeadline } from './harness.mjs';
import { Postgres } from './private_postgres.mjs';
import { Redis } from './private_redis.mjs';

const kStarted = /^rp-server worker (\S+) reads telemetry:events$/;

export const postgresUrl = async (t) => (await Postgres.start(t)).url;

export class Worker {
  constructor(env) {
    this.env = env;
  }
  async launch() {
    this.child = new Child(binary('RP_SERVER'), ['worker', '--claim-idle', '1'], { env: this.env });
    const started = await this.child.line(kStarted);
    assert.ok(started, this.child.output);
    this.name = started[1];
  }
  async crash() {
    this.child.process.kill('SIGKILL');
    assert.equal(await withDeadline(this.child.exited, 'the worker to die'), 'SIGKILL');
    await this.launch();
  }
  // Returns what it says it has done.
  async stop(signal = 'SIGTERM') {
    this.child.process.kill(signal);
    while ((await this.child.line()) !== undefined);
    assert.equal(await withDeadline(this.child.exited, 'the worker to stop'), 0);
    const counts = this.child.output.match(
      /worker stopped: (\d+) records written, (\d+) entries set aside, (\d+) taken over/,
    );
    assert.ok(counts, this.child.output);
    const [written, poison, claimed] = counts.slice(1).map(Number);
    return { written, poison, claimed };
  }
}

// `replicas` servers and `workers` workers over one Redis and one database.
export async function startAll(t, { replicas, workers, database, rules = [], keys, env = {}, kind = Upstream }) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-workers-'));
  const upstream = await kind.start(rules);
  const all = { upstream, servers: [], workers: [] };
  t.after(async () => {
    await Promise.all(all.servers.map((server) => server.stop()));
    for (const worker of all.workers) worker.child.process.kill('SIGKILL');
    await Promise.all(all.workers.map((worker) => worker.child.exited));
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const redis = await Redis.start(t); // stopped after the servers
  all.redis = redis;
  const shared = {
    PROXY_REDIS_URL: redis.url,
    PROXY_DATABASE_URL: database ?? `sqlite:///${folder}/records.sqlite3`,
    ...env,
  };
  for (let i = 0; i < replicas; ++i) {
    all.servers.push(await Server.start({ upstream, ...(keys && { keys }), env: shared }));
  }
  for (let i = 0; i < workers; ++i) {
    const worker = new Worker(shared);
    await worker.launch();
    all.workers.push(worker);
  }
  return all;
}
