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

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// The documents of a YAML file, read by the parser of Debian's python3-yaml; its interpreter is the system's.
const kReadYaml = 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))';
const kPython = ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', 'import yaml']).status === 0);
const withYaml = { skip: !kPython && 'python3-yaml is missing' };
const documentsOf = (name) => JSON.parse(execFileSync(kPython, ['-c', kReadYaml], { input: fileOf(name), encoding: 'utf8' }));
const configMap = () => documentsOf('kubernetes/config.yaml')[0].data;
const kManifests = ['config', 'deployment', 'disruption', 'service'].map((name) => `kubernetes/${name}.yaml`);

// Whether rp-server reads a variable of that name.
function knownVariables() {
  const table = execFileSync(binary('RP_SERVER'), ['check-config', '--markdown'], { encoding: 'utf8' });
  return (name) => table.includes(`\`${name.replace(/_\d$/, '_<N>')}\``);
}

test('every variable of the manifests is one that rp-server knows', withYaml, () => {
  const known = knownVariables();
  const { services } = documentsOf('compose.yaml')[0];
  const settings = ['proxy-a', 'proxy-b'].map((name) => services[name].environment);
  for (const names of [...settings, configMap()].map(Object.keys)) {
    assert.ok(names.length > 3, names.join());
    for (const name of names) assert.ok(known(name), name);
  }
  // In clusters everything is text; so it is for the program.
  for (const value of Object.values(configMap())) assert.equal(typeof value, 'string');
});

test('compose: what a service names is there, and replicas differ in nothing but where they keep theirs', withYaml, () => {
  const { services, volumes } = documentsOf('compose.yaml')[0];
  for (const [name, service] of Object.entries(services)) {
    assert.ok(service.image || service.build, name);
    for (const other of Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {})) {
      assert.ok(services[other], `${name} depends on ${other}`);
    }
    for (const [source] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
      const there = source.startsWith('./') ? fileOf(source.slice(2)) : source in volumes;
      assert.ok(there, `${name} has ${source}`);
    }
  }
  const [a, b] = ['proxy-a', 'proxy-b'].map((name) => ({ ...services[name], volumes: undefined }));
  assert.deepEqual(a, b);
  assert.equal(a.read_only, true);
  assert.deepEqual(a.cap_drop, ['ALL']);
  assert.ok(parseInt(a.stop_grace_period, 10) > Number(a.environment.PROXY_DRAIN_TIMEOUT_SECONDS));
  const servers = [...fileOf('haproxy.cfg').matchAll(/proxy-\w+(?=:8000)/g)].map(([name]) => name);
  assert.deepEqual(servers, ['proxy-a', 'proxy-b']);
});

test('Kubernetes: the parts fit each other', withYaml, () => {
  const [kustomization] = documentsOf('kubernetes/kustomization.yaml');
  assert.deepEqual(kustomization.resources.map((name) => `kubernetes/${name}`).sort(), kManifests);
  const all = kManifests.flatMap(documentsOf);
  for (const { apiVersion, kind, metadata } of all) assert.ok(apiVersion && kind && metadata.name, kind);
  const of = (kind) => all.filter((document) => document.kind === kind);
  const [{ spec }] = of('Deployment');
  const { labels } = spec.template.metadata;
  const selectors = [spec.selector.matchLabels, ...of('Service').map((one) => one.spec.selector),
    of('PodDisruptionBudget')[0].spec.selector.matchLabels];
  for (const selector of selectors) assert.deepEqual(selector, labels);
  const [container] = spec.template.spec.containers;
  const ports = container.ports.map(({ name }) => name);
  for (const { port } of ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet)) {
    assert.ok(ports.includes(port), port);
  }
  for (const { targetPort } of of('Service').flatMap((one) => one.spec.ports)) assert.ok(ports.includes(targetPort), targetPort);
  const admin = container.ports.find(({ name }) => name === 'admin').containerPort;
  assert.ok(configMap().PROXY_ADMIN_BIND.endsWith(`:${admin}`));
  assert.equal(container.envFrom[0].configMapRef.name, of('ConfigMap')[0].metadata.name);
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  assert.equal(spec.template.spec.securityContext.runAsNonRoot, true);
  assert.ok(spec.replicas > of('PodDisruptionBudget')[0].spec.minAvailable);
});

const kKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
test('kubectl reads the manifests', { skip: !kKubectl && 'kubectl is missing' }, () => {
  const folder = new URL('../../deploy/kubernetes', import.meta.url).pathname;
  const whole = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  for (const kind of ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service']) assert.match(whole, new RegExp(`^kind: ${kind}$`, 'm'));
});

test('a pod that drains is taken out by its readiness, and ends in its time', withYaml, async (t) => {
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

  const pod = documentsOf('kubernetes/deployment.yaml')[0].spec.template.spec;
  const [sleep, pause] = pod.containers[0].lifecycle.preStop.exec.command;
  assert.equal(sleep, 'sleep');
  assert.ok(pod.terminationGracePeriodSeconds > Number(pause) + Number(map.PROXY_DRAIN_TIMEOUT_SECONDS));
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
  // A request may meet the end of a connection that was idle: it is closed without an answer, and clients ask again.
  for (let i = 0; i < 50; ++i) assert.equal((await ask()) || (await ask()), 200);
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
