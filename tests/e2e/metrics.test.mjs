// /metrics as Prometheus' own tool sees it, and the alerts and the board of deploy/ against it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually, startPair } from './harness.mjs';
import { Redis } from './private_redis.mjs';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const promtool = join(cache, 'responses_proxy', 'promtool', 'promtool');
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const alerts = join(deploy, 'prometheus', 'rp-alerts.yml');
const board = JSON.parse(readFileSync(join(deploy, 'grafana', 'rp-server.json'), 'utf8'));
const skip = existsSync(promtool) ? false : 'promtool is not installed (scripts/setup-clients)';

function run(args, input) {
  const { status, stdout, stderr } = spawnSync(promtool, args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

// Everything that a server may tell: of Redis and of a key that is left for another one, too.
async function scrape(t, accept = 'text/plain') {
  const redis = await Redis.start(t);
  const error = { status: 500, code: 'server_error', message: 'broken' };
  const rules = [{ replies: [{ error }, { response: { id: 'resp_1', text: 'a' } }], repeat_last: true }];
  const { server } = await startPair(t, { rules, env: { PROXY_REDIS_URL: redis.url } });
  for (const stream of [false, true]) {
    const answer = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', session_id: 's-1' },
      body: JSON.stringify({ model: 'm', input: 'hi', stream }),
    });
    await answer.text();
  }
  const told = () => fetch(`${server.url}/metrics`, { headers: { accept } });
  await eventually('Redis to be seen', async () => /^rp_redis_up 1$/m.test(await (await told()).text()));
  const answer = await told();
  return { type: answer.headers.get('content-type'), text: await answer.text() };
}

test('promtool has nothing to say against the text', { skip }, async (t) => {
  const { type, text } = await scrape(t);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const { status, said } = run(['check', 'metrics'], text);
  assert.equal(said, '');
  assert.equal(status, 0);
  assert.match(text, /^rp_request_duration_seconds_count\{kind="stream"\} \d/m);
});

// Debian's python3-prometheus-client, whose interpreter is the system's.
const kParse = 'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n' +
  'print(*(family.name for family in read(sys.stdin.read())))';
const kPython = '/usr/bin/python3';
const noParser = spawnSync(kPython, ['-c', 'import prometheus_client']).status === 0 ? false : 'python3-prometheus-client is missing';
test('a parser of OpenMetrics takes the text', { skip: noParser }, async (t) => {
  const { text } = await scrape(t, 'application/openmetrics-text; version=1.0.0');
  const { status, stdout, stderr } = spawnSync(kPython, ['-c', kParse], { input: text, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const families = new Set(stdout.trim().split(' '));
  for (const [, name] of text.matchAll(/^# TYPE (\S+) /gm)) assert.ok(families.has(name), name);
  assert.ok(families.size > 20);
});

test('who accepts OpenMetrics gets it', async (t) => {
  const { type, text } = await scrape(t, 'application/openmetrics-text; version=1.0.0');
  assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/);
  assert.ok(text.endsWith('# EOF\n'));
  assert.match(text, /^# TYPE rp_requests counter$/m);
  assert.doesNotMatch(text, /^# TYPE \S+_total /m);
});

test('each alert has a test', () => {
  const tests = readFileSync(join(deploy, 'prometheus', 'rp-alerts.test.yml'), 'utf8');
  for (const [, name] of readFileSync(alerts, 'utf8').matchAll(/- alert: (\w+)/g)) {
    assert.match(tests, new RegExp(`alertname: ${name}\\n *exp_alerts:\\n`), name);
  }
});

test('the alerts ring when they should, and only then', { skip }, () => {
  for (const args of [['check', 'rules', alerts], ['test', 'rules', join(deploy, 'prometheus', 'rp-alerts.test.yml')]]) {
    const { status, said } = run(args);
    assert.equal(status, 0, said);
  }
});

test('alerts and board ask for what there is, with the labels that it has', async (t) => {
  const { text } = await scrape(t);
  const queries = board.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
  queries.push(...readFileSync(alerts, 'utf8').match(/expr: (\|\n(?: {10}.*\n)+|.*)/g));
  const names = new Set(queries.join('\n').match(/\b(?:rp|process)_[a-z_]+\b/g));
  assert.ok(names.size > 20);
  for (const name of names) {
    const family = name.replace(/_(bucket|count|sum)$/, '');
    assert.match(text, new RegExp(`^# TYPE ${family} `, 'm'), `${name} is not told by /metrics`);
  }
  for (const [, name, labels] of queries.join('\n').matchAll(/\b(rp_[a-z_]+)\{([^}]*)\}/g)) {
    const sample = text.match(new RegExp(`^${name}\\{([^}]*)\\}`, 'm'));
    for (const [, label] of labels.matchAll(/([a-z_]+)[=!]/g)) {
      if (label === 'job') continue; // Prometheus adds it
      assert.ok(sample?.[1].includes(`${label}="`), `${name} has no label ${label}`);
    }
  }
  const labels = new Set([...text.matchAll(/([a-z_]+)="/g)].map(([, label]) => label)).add('instance').add('job');
  for (const [, list] of queries.join('\n').matchAll(/\b(?:by|on|group_left) ?\(([^)]*)\)/g)) {
    for (const label of list.split(/, */).filter(Boolean)) assert.ok(labels.has(label), `no metric has the label ${label}`);
  }
});
