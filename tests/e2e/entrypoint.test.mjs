// The container's entry point, without a container: Redis, worker and API start, end and fail together.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { binary, Child, eventually, Upstream, withDeadline } from './harness.mjs';
import { Redis } from './private_redis.mjs';

const kDeploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const kResponse = { json: { id: 'resp_1', object: 'response', status: 'completed', output: [] } };

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// { 'redis-server': pid, 'rp-server worker': pid, 'rp-server serve': pid }, as far as they run.
function partsOf(process) {
  const parts = {};
  const children = readFileSync(`/proc/${process}/task/${process}/children`, 'utf8').split(' ').filter(Boolean);
  for (const child of children) {
    const [program, command] = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0');
    const name = program.includes('redis-server') ? 'redis-server' : `${program.split('/').pop()} ${command}`;
    parts[name] = Number(child);
  }
  return parts;
}

const runs = (process) => existsSync(`/proc/${process}`);

class Container {
  static async start(t, { env = {}, rules = [{ replies: [kResponse], repeat_last: true }] } = {}) {
    const container = new Container();
    container.folder = mkdtempSync(join(tmpdir(), 'rp-entrypoint-'));
    mkdirSync(join(container.folder, 'bin'));
    symlinkSync(binary('RP_SERVER'), join(container.folder, 'bin/rp-server'));
    container.upstream = await Upstream.start(rules);
    container.redisPort = await freePort();
    t.after(async () => {
      container.child.process.kill('SIGKILL');
      for (const part of Object.values(container.parts ?? {})) {
        try { process.kill(part, 'SIGKILL'); } catch { /* it has ended */ }
      }
      await container.child.exited;
      await container.upstream.stop();
      rmSync(container.folder, { recursive: true, force: true });
    });
    container.child = new Child('setsid', ['bash', join(kDeploy, 'entrypoint')], {
      cwd: container.folder,
      env: {
        PATH: `${join(container.folder, 'bin')}:${process.env.PATH}`,
        PROXY_PORT: '0',
        PROXY_REDIS_URL: `redis://127.0.0.1:${container.redisPort}/0`,
        PROXY_SQLITE_URL: `sqlite:///${container.folder}/proxy.sqlite3`,
        PROXY_UPSTREAM_BASE_URL: container.upstream.baseUrl,
        PROXY_HEALTH_CHECK_ENABLED: 'false',
        PROXY_DRAIN_TIMEOUT_SECONDS: '20',
        OPENAI_API_KEY_1: 'sk-test-key-one',
        ...env,
      },
    });
    const ready = await container.child.line(/^rp-server listening on (http:\/\/\S+)$/);
    assert.ok(ready, container.child.output);
    container.url = ready[1];
    container.parts = partsOf(container.child.process.pid);
    return container;
  }

  signal(name) {
    this.child.process.kill(name);
  }
  // To all that a terminal's Ctrl-C would reach.
  interrupt() {
    process.kill(-this.child.process.pid, 'SIGINT');
  }
  // The exit code; nothing of it is left.
  async end() {
    while ((await this.child.line()) !== undefined);
    const code = await withDeadline(this.child.exited, 'the entry point to end');
    for (const [name, part] of Object.entries(this.parts)) assert.ok(!runs(part), `${name} is left`);
    return code;
  }
  post(more = {}) {
    return fetch(`${this.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'hi', ...more }),
    });
  }
}

test('all three run, a record goes through all of them, and TERM ends them', async (t) => {
  const container = await Container.start(t);
  assert.deepEqual(Object.keys(container.parts).sort(), ['redis-server', 'rp-server serve', 'rp-server worker']);
  assert.equal((await container.post()).status, 200);
  await eventually('the record', async () => {
    const { data } = await (await fetch(`${container.url}/admin/requests`)).json();
    return data.length === 1;
  });
  const { stream } = (await (await fetch(`${container.url}/admin/state`)).json()).telemetry;
  assert.ok(stream, 'records went over Redis');
  container.signal('SIGTERM');
  assert.equal(await container.end(), 0);
  assert.match(container.child.output, /worker stopped: 1 records written/);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'Ctrl-C']) {
  test(`${signal} lets a request under way come to its end`, async (t) => {
    const rules = [{ replies: [{
      stream: { id: 'resp_1', deltas: ['begun', 'done'] },
      insert: [{ at: 5, step: { gate: 'answer' } }], // behind the first delta
    }] }];
    const container = await Container.start(t, { rules });
    const answer = await container.post({ stream: true }); // its head: it is under way
    signal === 'Ctrl-C' ? container.interrupt() : container.signal(signal);
    await eventually('the port to be closed', () => fetch(`${container.url}/healthz`).then(() => false, () => true));
    for (const part of Object.values(container.parts)) assert.ok(runs(part));
    await container.upstream.openGate('answer');
    assert.match(await answer.text(), /event: response\.completed/);
    assert.equal(await container.end(), 0);
    assert.match(container.child.output, /worker stopped: 1 records written/);
  });
}

for (const part of ['redis-server', 'rp-server worker', 'rp-server serve']) {
  test(`when ${part} dies the others are stopped, and the exit code says so`, async (t) => {
    const container = await Container.start(t);
    process.kill(container.parts[part], 'SIGKILL');
    assert.equal(await container.end(), 137);
    assert.match(container.child.output, /^entrypoint: (redis|worker|api) has ended with 137; stopping the others$/m);
  });
}

test('Redis on another machine leaves the bundled one off', async (t) => {
  const redis = await Redis.start(t);
  const container = await Container.start(t, { env: { PROXY_REDIS_URL: redis.url } });
  assert.deepEqual(Object.keys(container.parts).sort(), ['rp-server serve', 'rp-server worker']);
  assert.equal((await container.post()).status, 200);
  await eventually('the record', async () => {
    const { data } = await (await fetch(`${container.url}/admin/requests`)).json();
    return data.length === 1;
  });
  container.signal('SIGTERM');
  assert.equal(await container.end(), 0);
});

test('HUP and USR1 reach the API and end nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rp-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const container = await Container.start(t, { env: { PROXY_LOG_FILE: join(folder, 'log') } });
  rmSync(join(folder, 'log'));
  container.signal('SIGUSR1');
  await eventually('the log to be opened anew', () => existsSync(join(folder, 'log')));
  container.signal('SIGHUP');
  assert.equal((await container.post()).status, 200);
  container.signal('SIGTERM');
  assert.equal(await container.end(), 0);
});

test('a configuration that cannot be right ends it all, with what is wrong', async (t) => {
  const container = await Container.start(t).catch((error) => error);
  assert.ok(container instanceof Container);
  container.signal('SIGTERM');
  await container.end();
  const child = new Child('bash', [join(kDeploy, 'entrypoint')], {
    cwd: container.folder,
    env: {
      PATH: `${join(container.folder, 'bin')}:${process.env.PATH}`,
      PROXY_REDIS_URL: `redis://127.0.0.1:${container.redisPort}/0`,
      PROXY_MAX_ATTEMPTS: 'many',
    },
  });
  while ((await child.line()) !== undefined);
  assert.equal(await withDeadline(child.exited, 'the entry point to end'), 2);
  assert.match(child.output, /PROXY_MAX_ATTEMPTS/);
});

test('with a command it is that command, in the same process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rp-entrypoint-'));
  symlinkSync(binary('RP_SERVER'), join(folder, 'rp-server'));
  const printed = execFileSync(join(kDeploy, 'entrypoint'), ['check-config', '--markdown'], {
    env: { PATH: `${folder}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true, force: true });
  assert.match(printed, /PROXY_REDIS_URL/);
});
