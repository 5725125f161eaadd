// What the operator does to a running server: signals, the log, limits; and what it leaves on the machine.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, Child, eventually, openStream, Server, startPair, Upstream, withDeadline } from './harness.mjs';

const gatedStream = {
  stream: { id: 'resp_o', deltas: ['begun', 'done'] },
  insert: [{ at: 5, step: { gate: 'go' } }], // behind the first delta
};

function ask(server, body = { model: 'm', input: 'x' }) {
  return fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-operations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const linesOf = (file) => readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');

test('no signal but those that ask for it cuts a stream', async (t) => {
  const { upstream, server } = await startPair(t, { rules: [{ replies: [gatedStream] }] });
  const rest = await openStream(server);
  const { pid } = server.child.process;
  const realTime = [34, 40, 64]; // SIGRTMIN, one in between, SIGRTMAX
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGVTALRM', 'SIGPROF',
    'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU', 'SIGXFSZ', ...realTime]) {
    process.kill(pid, signal);
  }
  await eventually('the reload', () => server.child.output.includes('read again: the log file, certificate authorities'));
  await upstream.openGate('go');
  assert.match(await rest(), /event: response\.completed/);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT']) {
  test(`${signal} drains`, async () => {
    const upstream = await Upstream.start([{ replies: [gatedStream] }]);
    const server = await Server.start({ upstream, env: { PROXY_DRAIN_TIMEOUT_SECONDS: '20' } });
    const rest = await openStream(server);
    server.child.process.kill(signal);
    await eventually('connections to be refused',
      () => fetch(`${server.url}/healthz`).then(() => false, () => true));
    // None of these hurries it.
    for (const other of ['SIGQUIT', 'SIGHUP', 'SIGUSR1']) server.child.process.kill(other);
    await eventually('the reload', () => server.child.output.includes('read again: the log file, certificate authorities'));
    await upstream.openGate('go');
    assert.match(await rest(), /event: response\.completed/);
    assert.equal(await withDeadline(server.child.exited, 'the end'), 0);
    await upstream.stop();
  });
}

for (const signal of ['SIGUSR1', 'SIGHUP']) {
  test(`after ${signal} the log goes to a new file`, async (t) => {
    const file = join(temporaryFolder(t), 'rp.log');
    const { server } = await startPair(t, { env: { PROXY_LOG_FILE: file } });
    await eventually('the first line', () => existsSync(file) && linesOf(file).length > 0);
    renameSync(file, `${file}.1`);
    server.child.process.kill(signal);
    await eventually('a new file', () => existsSync(file));
    server.child.process.kill('SIGTERM');
    await eventually('the end', () => linesOf(file).some((line) => line.endsWith(' info stopped')));
    assert.ok(!linesOf(`${file}.1`).some((line) => line.includes('stopped')));
    await server.restart().catch(() => {}); // it has ended already
  });
}

for (const signal of ['SIGUSR1', 'SIGHUP'])
test(`the access log has a line for each request, and goes to a new file after ${signal}`, async (t) => {
  const file = join(temporaryFolder(t), 'access.log');
  const { server } = await startPair(t, { env: { PROXY_ACCESS_LOG: 'json', PROXY_ACCESS_LOG_FILE: file } });
  const ask = () => fetch(`${server.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'session_id': 's-1' },
    body: JSON.stringify({ model: 'gpt-5', input: 'hello there' }),
  }).then((answer) => answer.text());
  await ask();
  await eventually('the first line', () => existsSync(file) && linesOf(file).length === 1);
  const row = JSON.parse(linesOf(file)[0]);
  assert.equal(row.path, '/v1/responses');
  assert.equal(row.status_code, 200);
  assert.equal(row.session_id, 's-1');
  assert.ok(!linesOf(file)[0].includes('hello there'));
  renameSync(file, `${file}.1`);
  server.child.process.kill(signal);
  await eventually('a new file', () => existsSync(file));
  await ask();
  await eventually('the second line', () => linesOf(file).length === 1);
  assert.equal(linesOf(`${file}.1`).length, 1);
});

test('the access log as text goes to stderr, and there is none unless it is asked for', async (t) => {
  const line = / POST \/v1\/responses 200 /;
  for (const format of ['text', undefined]) {
    const { server } = await startPair(t, { env: format ? { PROXY_ACCESS_LOG: format } : {} });
    assert.equal((await ask(server)).status, 200);
    await server.rows(1); // its record is written behind its line
    if (format) await eventually('the line', () => line.test(server.child.output));
    else assert.doesNotMatch(server.child.output, line);
  }
});

test('SIGHUP reads certificate authorities again, and keeps those of before if it cannot', async (t) => {
  const file = join(temporaryFolder(t), 'ca.pem');
  const authorities = '/etc/ssl/certs/ca-certificates.crt';
  if (!existsSync(authorities)) return t.skip('no certificate authorities here');
  copyFileSync(authorities, file);
  const { server } = await startPair(t, { env: { PROXY_UPSTREAM_CA_FILE: file } });
  writeFileSync(file, 'nothing of the kind');
  server.child.process.kill('SIGHUP');
  await eventually('the complaint', () =>
    /error PROXY_UPSTREAM_CA_FILE: .* what was read before goes on/.test(server.child.output));
  copyFileSync(authorities, file);
  server.child.process.kill('SIGHUP');
  await eventually('the reload', () => server.child.output.includes('info read again: the log file, certificate'));
});

test('the log as JSON: every line is an object with time, level, event and message', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'rp.log');
  const refused = { error: { status: 429, code: 'rate_limit_exceeded', message: 'slow down' } };
  const { server } = await startPair(t, {
    rules: [{ key: 'sk-test-key-one', replies: [refused] }],
    env: { PROXY_LOG_FILE: file, PROXY_LOG_FORMAT: 'json', PROXY_CLIENT_TOKENS: '' },
  });
  for (let i = 0; i < 8; i += 1) assert.equal((await ask(server)).status, 200);
  const events = () => linesOf(file).map((line) => JSON.parse(line));
  await eventually('the start', () => existsSync(file) && events().some(({ event }) => event === 'started'));
  for (const event of events()) {
    assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(['info', 'warning', 'error'].includes(event.level));
    assert.ok(event.event && event.message);
  }
  const started = events().find(({ event }) => event === 'started');
  assert.equal(started.url, server.url);
  assert.equal(started.admin_url, server.url); // no port of its own here
  const [version] = await new Child(binary('RP_SERVER'), ['--version']).line(/\d+\.\d+\.\d+/);
  assert.equal(started.version, version);
  assert.match(started.keys, /^openai-default: /);
  assert.equal(started.redis, 'none');
  assert.ok(started.database.startsWith('sqlite:'));
  assert.ok(!readFileSync(file, 'utf8').includes('sk-test-key'));
});

test('requests that move to another key: one line, however many they are', async (t) => {
  const refused = { error: { status: 503, code: 'server_error', message: 'down' } };
  const { server } = await startPair(t, {
    rules: [{ key: 'sk-test-key-one', replies: [refused], repeat_last: true }],
    env: { PROXY_RESOURCE_COOLDOWN_SECONDS: '0' },
  });
  const moved = async () => (await server.allRows()).filter(({ attempts }) => attempts.length > 1).length;
  await eventually('a few moves', async () => {
    assert.equal((await ask(server)).status, 200);
    return (await moved()) >= 3;
  });
  assert.equal(server.child.output.match(/ moved to another resource \(/g)?.length, 1);
});

test('the control plane has no file, serves nobody else on the machine, and leaves nothing', async (t) => {
  const temporary = temporaryFolder(t);
  const { server } = await startPair(t, { env: { TMPDIR: temporary } });
  const { pid } = server.child.process;
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.deepEqual(readdirSync(temporary), []);
  const [name] = readFileSync('/proc/net/unix', 'utf8').match(new RegExp(`@rp-server-${pid}-\\S+`));
  const stranger = new Child('curl', ['-s', '-i', '--abstract-unix-socket', name.slice(1), 'http://x/admin/state']);
  const status = await stranger.line();
  await withDeadline(stranger.exited, 'curl to end');
  assert.match(status.input, /^HTTP\/1\.1 403 /);
  assert.ok(!stranger.output.includes('openai-'));
  await server.crash();
  assert.deepEqual(readdirSync(temporary), []);
  assert.ok(!readFileSync('/proc/net/unix', 'utf8').includes(`@rp-server-${pid}-`));
});

async function endsWith(code, env, args = []) {
  const child = new Child(binary('RP_SERVER'), args, { env, cwd: tmpdir() });
  assert.equal(await withDeadline(child.exited, 'rp-server to end'), code, child.output);
  return child.output;
}

test('a log file that cannot be opened stops the start, with the name of the variable', async () => {
  const output = await endsWith(2, { PROXY_PORT: '0', PROXY_LOG_FILE: '/no/such/folder/rp.log' });
  assert.match(output, /^error: PROXY_LOG_FILE: cannot open \/no\/such\/folder\/rp\.log: No such file/m);
});

test('check-config sees what serve would trip over, and names the variables', async (t) => {
  const folder = temporaryFolder(t);
  const { upstream, server } = await startPair(t, {});
  const port = new URL(server.url).port;
  const env = { PROXY_SQLITE_URL: `sqlite:///${folder}/db`, PROXY_TELEMETRY_SPOOL_PATH: `${folder}/spool` };
  await endsWith(0, { ...env, PROXY_PORT: '0' }, ['check-config']);
  assert.deepEqual(readdirSync(folder), []); // it makes nothing

  const file = join(folder, 'file');
  writeFileSync(file, '');
  const broken = {
    PROXY_PORT: port,
    PROXY_ADMIN_BIND: `127.0.0.1:${new URL(upstream.baseUrl).port}`,
    PROXY_LOG_FILE: `${file}/rp.log`,
    PROXY_ACCESS_LOG_FILE: folder,
    PROXY_TELEMETRY_SPOOL_PATH: `${file}/x/spool`,
    PROXY_REDIS_URL: 'redis://127.0.0.1:1',
    PROXY_UPSTREAM_CA_FILE: file,
    DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/d',
  };
  const output = await endsWith(2, broken, ['check-config']);
  assert.match(output, new RegExp(`^error: PROXY_PORT: cannot listen on 127.0.0.1:${port}: Address already in use; another program .*$`, 'm'));
  assert.match(output, /^error: PROXY_ADMIN_BIND: .*Address already in use; another program listens there: .*$/m);
  assert.match(output, /^error: PROXY_LOG_FILE: .*: Not a directory$/m);
  assert.match(output, /^error: PROXY_ACCESS_LOG_FILE: .*: Is a directory$/m);
  assert.match(output, /^error: PROXY_TELEMETRY_SPOOL_PATH: .*: Not a directory$/m);
  assert.match(output, /^error: PROXY_UPSTREAM_CA_FILE: .* holds no certificate/m);
  assert.match(output, /^error: DATABASE_URL: PostgreSQL database 127\.0\.0\.1/m);
  assert.match(output, /^warning: PROXY_REDIS_URL: Redis at 127\.0\.0\.1:1\/0 cannot be used: .*Connection refused$/m);
  assert.ok(!output.includes('hunter2'));
  const spool = { ...env, PROXY_PORT: '0', PROXY_TELEMETRY_SPOOL_PATH: `${server.folder}/data/telemetry.spool` };
  assert.match(await endsWith(2, spool, ['check-config']),
    /^error: PROXY_TELEMETRY_SPOOL_PATH: .* belongs to another rp-server that is running$/m);
  // Redis alone is no reason not to start.
  assert.match(await endsWith(0, { ...env, PROXY_PORT: '0', PROXY_REDIS_URL: 'redis://127.0.0.1:1' },
    ['check-config']), /^warning: PROXY_REDIS_URL: /m);
});

test('what stops the start is an error with the variable, and exit code 2', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { server } = await startPair(t, {});
  const port = new URL(server.url).port;
  const env = { PROXY_PORT: '0', PROXY_SQLITE_URL: `sqlite:///${folder}/db` };
  assert.match(await endsWith(2, { ...env, PROXY_PORT: port }),
    new RegExp(`^error: PROXY_PORT: cannot listen on 127.0.0.1:${port}: Address already in use; another program .*$`, 'm'));
  assert.match(await endsWith(2, { ...env, PROXY_ADMIN_BIND: `127.0.0.1:${port}` }),
    /^error: PROXY_ADMIN_BIND: .*Address already in use; another program listens there: .*$/m);
  assert.match(await endsWith(2, { ...env, PROXY_HOST: '192.0.2.1' }),
    /^error: PROXY_HOST: .*Cannot assign requested address; this machine has no such address .*$/m);
  assert.match(await endsWith(2, { ...env, PROXY_TELEMETRY_SPOOL_PATH: `${server.folder}/data/telemetry.spool` }),
    /^error: PROXY_TELEMETRY_SPOOL_PATH: the spool .* belongs to another rp-server that is running/m);
  assert.match(await endsWith(2, { ...env, PROXY_UPSTREAM_CA_FILE: '/no/ca.pem' }),
    /^error: PROXY_UPSTREAM_CA_FILE: \/no\/ca\.pem cannot be read/m);
  assert.match(await endsWith(2, { ...env, PROXY_SQLITE_URL: `sqlite:///${file}/db` }),
    /^error: PROXY_SQLITE_URL: .*: Not a directory$/m);
});

test('a PostgreSQL that is away is told of at the start, which goes on', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/d' } });
  await eventually('the line', () =>
    /warning PROXY_DATABASE_URL: PostgreSQL .*; records wait until it can be reached/.test(server.child.output));
  assert.ok(!server.child.output.includes('hunter2'));
});

test('on a name with several addresses it listens on all of them', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_HOST: 'localhost' } });
  assert.match(server.url, /^http:\/\/localhost:\d+$/);
  const { port } = new URL(server.url);
  const addresses = await lookup('localhost', { all: true });
  for (const { address, family } of addresses) {
    const host = family === 6 ? `[${address}]` : address;
    const answer = await fetch(`http://${host}:${port}/healthz`).catch((error) => error);
    assert.ok(answer.status === 200 || answer.cause?.code === 'EADDRNOTAVAIL', `${host}: ${answer}`);
  }
});

for (const host of ['::', '::1', '0.0.0.0', '127.0.0.2']) {
  test(`it listens on ${host}, and its first line can be opened`, async (t) => {
    const addresses = Object.values(networkInterfaces()).flat().map(({ address }) => address);
    if (host.includes(':') && !addresses.includes('::1')) return t.skip('no IPv6 here');
    const { server } = await startPair(t, { env: { PROXY_HOST: host } });
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
}

test('the soft limit of descriptors is raised to the hard one', async (t) => {
  const folder = temporaryFolder(t);
  const child = new Child('sh', ['-c', 'ulimit -Sn 100; ulimit -Hn 300; exec "$0"', binary('RP_SERVER')], {
    env: { PROXY_PORT: '0', PROXY_SQLITE_URL: `sqlite:///${folder}/db` }, cwd: folder,
  });
  t.after(() => child.process.kill('SIGKILL'));
  assert.ok(await child.line(/^rp-server listening on /));
  const limits = readFileSync(`/proc/${child.process.pid}/limits`, 'utf8');
  assert.match(limits, /^Max open files +300 +300 /m);
  await eventually('the line', () =>
    /warning at most 300 files and sockets may be open: .*raise the hard limit/.test(child.output));
});

test('out of descriptors: the log says so, no key is blamed, and it goes on afterwards', async (t) => {
  const upstream = await Upstream.start();
  t.after(() => upstream.stop());
  const folder = temporaryFolder(t);
  const child = new Child('sh', ['-c', 'ulimit -n 80; exec "$0"', binary('RP_SERVER')], {
    env: {
      PROXY_PORT: '0', PROXY_IO_THREADS: '1', PROXY_HEALTH_CHECK_ENABLED: 'false',
      OPENAI_API_KEY: 'sk-test-key-one', PROXY_UPSTREAM_BASE_URL: upstream.baseUrl,
      PROXY_SQLITE_URL: `sqlite:///${folder}/db`,
    },
    cwd: folder,
  });
  t.after(() => child.process.kill('SIGKILL'));
  const [, url] = await child.line(/^rp-server listening on (\S+)$/);
  const sockets = [];
  const open = () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  const first = open();
  let answer = '';
  first.on('data', (bytes) => (answer += bytes));
  const body = JSON.stringify({ model: 'm', input: 'x' });
  await eventually('the log to tell', () => {
    for (let i = 0; i < 10; i += 1) open();
    return child.output.includes('error cannot accept connections: ');
  });
  // On a connection from before; its upstream would need another one.
  first.write(`POST /v1/responses HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`);
  await eventually('the answer', () => answer.includes('\r\n\r\n'));
  assert.match(answer, /^HTTP\/1\.1 50[23] /);
  for (const socket of sockets) socket.destroy();

  const admin = async (path) => (await fetch(`${url}/admin/${path}`)).json();
  const [row] = await eventually('the record', async () => {
    const { data } = await admin('requests');
    return data.length > 0 && data;
  });
  assert.equal(row.blame, 'proxy');
  const [resource] = (await admin('state')).resources;
  assert.ok(['healthy', 'unknown'].includes(resource.health), resource.health);
  assert.equal((await ask({ baseUrl: `${url}/v1` })).status, 200);
});
