// deploy/: what compose and Kubernetes set is what rp-server reads, and it drains as they expect.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, eventually, startPair } from './harness.mjs';

const fileOf = (name) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
const kResponse = { json: { id: 'resp_1', object: 'response', status: 'completed', output: [] } };
const kOurs = /^ +((?:PROXY|OPENAI)_[A-Z0-9_]+):/gm;

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// NAME: "value" of the config map
const configMap = () =>
  Object.fromEntries([...fileOf('kubernetes/config.yaml').matchAll(/^ {2}(PROXY_\w+): "(.*)"$/gm)].map((m) => m.slice(1)));

test('every variable of the manifests is one that rp-server knows', () => {
  const known = execFileSync(binary('RP_SERVER'), ['check-config', '--markdown'], { encoding: 'utf8' });
  for (const file of ['compose.yaml', 'kubernetes/config.yaml']) {
    const names = [...fileOf(file).matchAll(kOurs)].map((match) => match[1]);
    assert.ok(names.length > 3, file);
    for (const name of names) {
      assert.ok(known.includes(`\`${name.replace(/_\d$/, '_<N>')}\``), `${name} in ${file}`);
    }
  }
});

test('a pod that drains is taken out by its readiness, and ends in its time', async (t) => {
  const map = configMap();
  assert.match(map.PROXY_ADMIN_BIND, /^0\.0\.0\.0:8001$/);
  const admin = `http://127.0.0.1:${await freePort()}`;
  const env = { ...map, PROXY_ADMIN_BIND: admin.slice('http://'.length), PROXY_ADMIN_TOKEN: 'token-of-the-operators' };
  const rules = [{ replies: [{
    stream: { id: 'resp_1', deltas: ['begun', 'done'] },
    insert: [{ at: 5, step: { gate: 'answer' } }], // behind the first delta
  }] }];
  const { upstream, server } = await startPair(t, { rules, env });
  const ready = async () => (await fetch(`${admin}/readyz`)).status;
  assert.equal(await ready(), 200);
  const answer = fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'hi', stream: true }),
  });
  // The upstream's count has health checks in it.
  const headers = { authorization: `Bearer ${env.PROXY_ADMIN_TOKEN}` };
  await eventually('the request to be under way', async () =>
    /^rp_active_exchanges 1$/m.test(await (await fetch(`${admin}/metrics`, { headers })).text()));
  server.child.process.kill('SIGTERM');
  await eventually('the pod to be unready', async () => (await ready()) === 503);
  await upstream.openGate('answer');
  assert.match(await (await answer).text(), /event: response\.completed/);

  const deployment = fileOf('kubernetes/deployment.yaml');
  const [, grace] = deployment.match(/terminationGracePeriodSeconds: (\d+)/);
  const [, pause] = deployment.match(/sleep, "(\d+)"/);
  assert.ok(Number(grace) > Number(pause) + Number(map.PROXY_DRAIN_TIMEOUT_SECONDS));
});

test('the health command finds the server that the environment configures', async (t) => {
  const port = await freePort();
  const { server } = await startPair(t, { env: { PROXY_PORT: String(port) } });
  const health = (env, args = []) =>
    spawnSync(binary('RP_SERVER'), ['health', ...args], { env: { ...env }, encoding: 'utf8' });
  assert.equal(health({ PROXY_PORT: String(port) }).status, 0);
  assert.equal(health({ PROXY_HOST: '0.0.0.0', PROXY_PORT: String(port) }, ['--ready']).status, 0);
  assert.equal(health({}, ['--url', server.url]).status, 0);
  const nobody = health({ PROXY_PORT: String(await freePort()), http_proxy: server.url });
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /\/healthz: /);
});

test('without a key it is healthy, and not ready', async (t) => {
  const { server } = await startPair(t, { keys: [] });
  const health = (args) => spawnSync(binary('RP_SERVER'), ['health', '--url', server.url, ...args], { encoding: 'utf8' });
  assert.equal(health([]).status, 0);
  const unready = health(['--ready']);
  assert.equal(unready.status, 1);
  assert.match(unready.stderr, /HTTP 503/);
});

const kHaproxy = spawnSync('haproxy', ['-v']).status === 0;
test('the balancer goes round a replica that drains', { skip: !kHaproxy && 'haproxy is missing' }, async (t) => {
  const pairs = [];
  for (let i = 0; i < 2; ++i) pairs.push(await startPair(t, { rules: [{ replies: [kResponse], repeat_last: true }] }));
  const folder = mkdtempSync(join(tmpdir(), 'rp-haproxy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  let config = fileOf('haproxy.cfg').replace('bind :8000', `bind 127.0.0.1:${port}`);
  ['a', 'b'].forEach((name, i) => (config = config.replace(`proxy-${name}:8000`, pairs[i].server.url.slice(7))));
  writeFileSync(join(folder, 'haproxy.cfg'), config);
  const balancer = new Child('haproxy', ['-f', join(folder, 'haproxy.cfg')]);
  t.after(async () => {
    balancer.process.kill('SIGTERM');
    await balancer.exited;
  });
  const ask = () => fetch(`http://127.0.0.1:${port}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'hi' }),
  }).then(({ status }) => status, () => 0);
  await eventually('both replicas to be asked', async () => {
    assert.ok([0, 200, 503].includes(await ask()));
    const counts = await Promise.all(pairs.map(({ upstream }) => upstream.requests()));
    return counts.every((requests) => requests.length > 0);
  });
  pairs[0].server.child.process.kill('SIGTERM');
  for (let i = 0; i < 50; ++i) assert.equal(await ask(), 200);
});

test('systemd finds nothing wrong with the units', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).error) return t.skip('systemd-analyze is missing');
  const folder = mkdtempSync(join(tmpdir(), 'rp-units-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const units = ['rp-server.service', 'rp-server.socket'].map((name) => {
    const text = fileOf(`systemd/${name}`).replace('/usr/bin/rp-server', binary('RP_SERVER'));
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], { encoding: 'utf8' });
  assert.ok(!stderr.includes('rp-server.'), stderr);
  assert.equal(status, 0, stderr);
});
