// A socket that outlives the process (systemd's socket activation): a restart loses no request. And
// what a service manager is told.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, Child, eventually, openStream, Upstream, withDeadline } from './harness.mjs';

const kRules = [{ replies: [{ response: { id: 'resp_1', text: 'ok' } }], repeat_last: true }];

// socket-keeper with rp-server behind its socket.
async function keep(t, { rules = kRules, env = {} } = {}) {
  const upstream = await Upstream.start(rules);
  const folder = mkdtempSync(join(tmpdir(), 'rp-hand-over-'));
  const keeper = new Child(binary('RP_SOCKET_KEEPER'), [binary('RP_SERVER')], {
    cwd: folder,
    env: {
      PROXY_UPSTREAM_BASE_URL: upstream.baseUrl, OPENAI_API_KEY: 'sk-test-key-one', PROXY_PORT: '1',
      PROXY_SQLITE_URL: `sqlite:///${folder}/proxy.sqlite3`, PROXY_HEALTH_CHECK_ENABLED: 'false', ...env,
    },
  });
  t.after(async () => {
    keeper.process.stdin.end();
    await withDeadline(keeper.exited, 'the end');
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const [, port] = await keeper.line(/^listening (\d+)$/);
  const [, adminPort] = await keeper.line(/^admin (\d+)$/);
  return {
    keeper, upstream, port: Number(port), adminPort: Number(adminPort), url: `http://127.0.0.1:${port}`,
    tell: (command) => keeper.process.stdin.write(`${command}\n`),
    state: async (name) => assert.ok(await keeper.line(new RegExp(`^state ${name}$`)), keeper.output),
  };
}

// The status of one request.
function ask(port, agent) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: 'm', input: 'x' });
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    request({ host: '127.0.0.1', port, path: '/v1/responses', method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode)).on('error', reject);
    }).on('error', reject).end(body);
  });
}

test('a client may connect before there is a process, and is served', async (t) => {
  const { port, url, tell, state, keeper } = await keep(t);
  const early = ask(port);
  tell('start');
  assert.equal(await early, 200);
  await state('READY');
  assert.ok(await eventually('its address', () => keeper.output.includes(`rp-server listening on ${url}`)));
});

test('restarts under load lose no request', async (t) => {
  const { port, tell, state, keeper } = await keep(t);
  tell('start');
  await state('READY');
  const kept = new Agent({ keepAlive: true });
  t.after(() => kept.destroy());
  const statuses = new Map();
  let going = true;
  const client = async (agent) => {
    while (going) {
      const status = await ask(port, agent).catch((error) => error.code);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const answered = () => statuses.get(200) ?? 0;
  const clients = [kept, kept, kept, kept, undefined, undefined, undefined, undefined].map(client);
  for (let restart = 0; restart < 3; ++restart) {
    const before = answered();
    await eventually('some answers', () => answered() > before + 50);
    tell('restart');
    await state('STOPPING');
    assert.equal((await keeper.line(/^ended (.*)$/))[1], '0');
    await state('READY');
  }
  const before = answered();
  await eventually('some more answers', () => answered() > before + 50);
  going = false;
  await Promise.all(clients);
  assert.deepEqual([...statuses.keys()], [200], `${JSON.stringify([...statuses])}`);
});

test('a stream goes on to its end while the next process has to wait', async (t) => {
  const { upstream, port, url, tell, state, keeper } = await keep(t, {
    rules: [{
      replies: [
        { stream: { id: 'resp_o', deltas: ['begun', 'done'] }, insert: [{ at: 5, step: { gate: 'go' } }] },
        { response: { id: 'resp_2', text: 'after' } },
      ],
    }],
  });
  tell('start');
  await state('READY');
  const rest = await openStream({ baseUrl: `${url}/v1` });
  tell('restart');
  await state('STOPPING');
  const next = ask(port);
  await upstream.openGate('go');
  assert.match(await rest(), /event: response\.completed/);
  assert.equal(await next, 200);
  assert.equal((await keeper.line(/^ended (.*)$/))[1], '0');
});

test('a socket called admin is the control plane\'s', async (t) => {
  const { url, adminPort, tell, state } = await keep(t);
  tell('both');
  await state('READY');
  assert.equal((await fetch(`http://127.0.0.1:${adminPort}/admin/state`)).status, 200);
  assert.equal((await fetch(`${url}/admin/state`)).status, 404);
});

test('a reload is told, and when it is over', async (t) => {
  const { tell, state } = await keep(t);
  tell('start');
  await state('READY');
  tell('signal 1');
  await state('RELOADING');
  await state('READY');
});

test('what is no listening socket is refused with a word', async () => {
  const child = new Child('/bin/sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec ${binary('RP_SERVER')} 3</dev/null`]);
  assert.equal(await withDeadline(child.exited, 'the end'), 2);
  assert.match(child.output, /^error: LISTEN_FDS: descriptor 3 is not a listening TCP socket/m);
});

test('sockets that were meant for another process are not taken', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rp-hand-over-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const child = new Child(binary('RP_SERVER'), [],
    { cwd: folder, env: { LISTEN_PID: '1', LISTEN_FDS: '1', PROXY_PORT: '0' } });
  assert.ok(await child.line(/^rp-server listening on /), child.output);
  child.process.kill('SIGTERM');
  assert.equal(await withDeadline(child.exited, 'the end'), 0);
});
