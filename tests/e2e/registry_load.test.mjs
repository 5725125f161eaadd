// Changes under load: a request gets what was registered at some moment while it was under way, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startPair } from './harness.mjs';
import { alias, ask, call, kEnv, kRules, post, provider } from './registry_calls.mjs';

const kOperations = 500;
const kEveryMs = 5; // 200 requests a second
const kRequestsPerOperation = 4;
const kMostUnderWay = 64;
const kNames = 5; // of providers, and of aliases

function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

// What is registered, as whoever makes the changes knows it, and what requests may find.
class Registered {
  providers = new Map([['steady', true]]); // whether it is enabled
  aliases = new Map([['steady', { provider: 'steady', enabled: true }]]);
  history = new Map(); // by alias: what it leads to, from when on

  outcome(name) {
    const found = this.aliases.get(name);
    if (!found?.enabled) return 'environment'; // as any model that is no alias
    return this.providers.get(found.provider) ? 'alias' : 'unavailable';
  }
  users(provider) {
    return [...this.aliases].filter(([, target]) => target.provider === provider).map(([name]) => name);
  }
  // Before a change, with what it will lead to; and after it.
  note(names, after) {
    const from = performance.now();
    for (const name of names) {
      const entries = this.history.get(name) ?? [];
      const last = entries.at(-1)?.outcomes ?? ['environment'];
      entries.push({ from, outcomes: after ? [this.outcome(name)] : [...new Set([...last, this.outcome(name)])] });
      this.history.set(name, entries);
    }
  }
  possible(name, begin, end) {
    const entries = this.history.get(name) ?? [{ from: 0, outcomes: [this.outcome(name)] }];
    return entries
      .filter(({ from }, index) => from <= end && (entries[index + 1]?.from ?? Infinity) >= begin)
      .flatMap(({ outcomes }) => outcomes);
  }
}

// Which of the choices below: what makes records comes more often than what takes them away.
const kOften = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9];

// One drawn change: the request, the status that is due, and what it does to what is registered.
function drawn(registered, random, upstream) {
  const id = `p${random(kNames)}`;
  const name = `m/${random(kNames)}`;
  const flag = random(2) === 0;
  const { providers, aliases } = registered;
  const target = flag ? 'steady' : id;
  const users = registered.users(id);
  const choices = [
    () => ['POST', '/admin/providers', provider(id, upstream, { weight: 1 + random(3) }),
      providers.has(id) ? 200 : 201, () => providers.set(id, true)],
    () => ['POST', '/admin/models', alias(name, target),
      !providers.has(target) ? 422 : aliases.has(name) ? 200 : 201,
      () => aliases.set(name, { provider: target, enabled: true })],
    () => ['PATCH', `/admin/providers/${id}`, { enabled: flag }, providers.has(id) ? 200 : 404,
      () => providers.set(id, flag)],
    () => ['PATCH', `/admin/models/${name}`, { enabled: flag }, aliases.has(name) ? 200 : 404,
      () => { aliases.get(name).enabled = flag; }],
    () => ['PATCH', '/admin/providers/steady', { weight: 1 + random(5) }, 200, () => {}],
    () => ['PATCH', '/admin/models/steady', { display_name: `Steady ${random(9)}` }, 200, () => {}],
    () => ['DELETE', `/admin/providers/${id}`, undefined, !providers.has(id) ? 404 : users.length > 0 ? 409 : 200,
      () => providers.delete(id)],
    () => ['DELETE', `/admin/providers/${id}?cascade=true`, undefined, providers.has(id) ? 200 : 404, () => {
      providers.delete(id);
      users.forEach((user) => aliases.delete(user));
    }],
    () => ['DELETE', `/admin/models/${name}`, undefined, aliases.has(name) ? 200 : 404, () => aliases.delete(name)],
    () => ['POST', '/admin/routing/reload', undefined, 200, () => {}],
  ];
  const [method, path, body, status, change] = choices[kOften[random(kOften.length)]]();
  return { method, path, body, status, change };
}

async function makeChange(server, registered, { method, path, body, status, change }) {
  const everything = ['steady', ...Array.from({ length: kNames }, (_, index) => `m/${index}`)];
  if (status < 300) {
    change();
    registered.note(everything, false);
  }
  const answer = await call(server, method, path, body);
  if (status < 300) registered.note(everything, true);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
}

// What the client of a request has found; undefined = what nobody should.
function found(name, { status, json }) {
  if (status === 200 && json.model === name) return 'alias';
  if (status === 200 && json.model === 'upstream-model') return 'environment';
  if (status === 503 && json.error.code === 'no_resources_configured') return 'unavailable';
  return undefined;
}

test('under load, changes fail no request that a consistent reader would have served', async (t) => {
  const seed = Number(process.env.RP_SEED ?? 20261127);
  t.diagnostic(`RP_SEED=${seed}`);
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEnv });
  await post(server, '/admin/providers', provider('steady', upstream));
  await post(server, '/admin/models', alias('steady', 'steady'));
  const registered = new Registered();
  const random = randomNumbers(seed);
  const choices = randomNumbers(seed + 1);

  const counts = { alias: 0, environment: 0, unavailable: 0 };
  const wrong = [];
  const underWay = new Set();
  let started = 0;
  let tell = () => {};
  const request = async (name) => {
    const begin = performance.now();
    const answer = await ask(server, name);
    const outcome = found(name, answer);
    const possible = registered.possible(name, begin, performance.now());
    if (possible.includes(outcome)) ++counts[outcome];
    else wrong.push({ name, status: answer.status, json: answer.json, possible });
  };
  const timer = setInterval(() => {
    if (underWay.size >= kMostUnderWay) return;
    const made = request(choices(2) ? 'steady' : `m/${choices(kNames)}`).finally(() => underWay.delete(made));
    underWay.add(made);
    ++started;
    tell();
  }, kEveryMs);
  const requestsStarted = async (count) => {
    while (started < count) await new Promise((resolve) => { tell = resolve; });
  };
  try {
    for (let operation = 0; operation < kOperations; ++operation) {
      await requestsStarted(operation * kRequestsPerOperation);
      await makeChange(server, registered, drawn(registered, random, upstream));
    }
  } finally {
    clearInterval(timer);
  }
  await Promise.all(underWay);
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(wrong.slice(0, 3), []);
  for (const count of Object.values(counts)) assert.ok(count > 0, JSON.stringify(counts));
  await server.idle();
});
