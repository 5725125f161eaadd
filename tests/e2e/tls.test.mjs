// The listener's own TLS, with certificates made by openssl and clients nobody here wrote.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Authority, openssl } from './certificates.mjs';
import { binary, Child, eventually, startPair, withDeadline } from './harness.mjs';

const run = promisify(execFile);

function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const variables = ({ cert, key }) => ({ PROXY_TLS_CERT_FILE: cert, PROXY_TLS_KEY_FILE: key });

async function startTls(t, { rules = [], env = {}, ...options } = {}) {
  const folder = folderOf(t);
  const authority = new Authority(folder, 'first');
  const files = authority.sign('server');
  const pair = await startPair(t, { rules, env: { ...variables(files), ...env }, ...options });
  return { ...pair, folder, authority, files };
}

// curl's output; fails as curl does.
async function curl(authority, ...args) {
  const { stdout } = await run('curl', ['-sS', '--cacert', authority.file, '--max-time', '30', ...args],
    { maxBuffer: 1 << 26 });
  return stdout;
}

const kJson = ['-H', 'content-type: application/json', '-d'];

// Text of a program that node runs with the authority as one that it trusts.
function node(authority, program) {
  return new Child(process.execPath, ['--input-type=module', '-e', program],
    { env: { NODE_EXTRA_CA_CERTS: authority.file } });
}

test('curl: JSON, a stream and the control plane', async (t) => {
  const { server, authority } = await startTls(t);
  assert.match(server.url, /^https:/);
  const answer = JSON.parse(await curl(authority, `${server.baseUrl}/responses`, ...kJson,
    '{"model":"m","input":"x"}'));
  assert.equal(answer.object, 'response');
  const stream = await curl(authority, '-N', `${server.baseUrl}/responses`, ...kJson,
    '{"model":"m","stream":true,"input":"x"}');
  assert.match(stream, /event: response\.completed/);
  assert.equal(JSON.parse(await curl(authority, `${server.url}/healthz`)).status, 'ok');
  const { resources } = JSON.parse(await curl(authority, `${server.url}/admin/state`));
  assert.equal(resources.length, 2);
  const said = await curl(authority, '-o', '/dev/null', '-w', '%{http_version} %{ssl_verify_result}',
    `${server.url}/readyz`);
  assert.equal(said, '1.1 0');
});

test('a body and an answer of many megabytes come whole', async (t) => {
  const text = 'many words '.repeat(1 << 19);
  const { server, authority, upstream, folder } = await startTls(t,
    { rules: [{ replies: [{ response: { id: 'resp_l', text } }] }] });
  const body = join(folder, 'body.json');
  writeFileSync(body, JSON.stringify({ model: 'm', input: text }));
  const answer = await curl(authority, `${server.baseUrl}/responses`, ...kJson, `@${body}`);
  assert.ok(answer.includes(text));
  const [request] = await upstream.requests();
  assert.equal(JSON.parse(request.body).input, text);
});

test('only TLS 1.2 and newer, only HTTP/1.1, and who speaks HTTP is told', async (t) => {
  const { server, authority } = await startTls(t);
  const ciphers = ['--ciphers', 'DEFAULT@SECLEVEL=0'];
  await assert.rejects(curl(authority, '--tls-max', '1.1', ...ciphers, `${server.url}/healthz`));
  assert.match(await curl(authority, '--tls-max', '1.2', `${server.url}/healthz`), /ok/);
  const { host, port } = new URL(server.url);
  const shake = (protocols) => spawnSync('openssl',
    ['s_client', '-connect', host, '-CAfile', authority.file, '-alpn', protocols],
    { input: '', encoding: 'utf8' });
  assert.match(shake('h2,http/1.1').stdout, /ALPN protocol: http\/1\.1/);
  assert.match(shake('h2').stderr, /no application protocol/i);
  const plain = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(plain.status, 400);
  assert.equal((await plain.json()).error.code, 'tls_required');
});

test('node: fetch, and its own WebSocket', async (t) => {
  const { server, authority } = await startTls(t);
  const child = node(authority, `
    const answer = await fetch('${server.baseUrl}/responses', { method: 'POST',
      headers: { 'content-type': 'application/json' }, body: '{"model":"m","input":"x"}' });
    console.log('fetch', answer.status, (await answer.json()).object);
    const socket = new WebSocket('${server.baseUrl.replace('https', 'wss')}/responses');
    socket.onopen = () => socket.send(JSON.stringify({ type: 'response.create', model: 'm', input: 'x' }));
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type === 'response.completed') { console.log('socket', type); socket.close(); }
    };
    socket.onclose = ({ code, wasClean }) => console.log('closed', code, wasClean);
    socket.onerror = ({ message }) => console.log('error', message);
  `);
  assert.equal((await child.line()).input, 'fetch 200 response');
  assert.equal((await child.line()).input, 'socket response.completed');
  assert.match((await child.line()).input, /^closed 100[05] true$/);
  assert.equal(await withDeadline(child.exited, 'node'), 0, child.output);
});

test('the own page may use it, a page without TLS may not', async (t) => {
  const { server, authority } = await startTls(t);
  const check = (origin) => curl(authority, '-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST',
    '-H', `origin: ${origin}`, `${server.url}/admin/health/check`);
  assert.equal(await check(server.url), '200');
  assert.equal(await check(server.url.replace('https', 'http')), '403');
});

test('SIGHUP: a stream goes on, new connections see the new certificate', async (t) => {
  const { server, upstream, folder, authority, files } = await startTls(t, {
    rules: [{ replies: [{
      stream: { id: 'resp_o', deltas: ['begun', 'done'] },
      insert: [{ at: 5, step: { gate: 'go' } }], // behind the first delta
    }] }],
  });
  const stream = spawn('curl', ['-sSN', '--cacert', authority.file, `${server.baseUrl}/responses`, ...kJson,
    '{"model":"m","stream":true,"input":"x"}']);
  let text = '';
  stream.stdout.on('data', (bytes) => (text += bytes));
  const ended = new Promise((resolve) => stream.on('close', resolve));
  await eventually('the stream to begin', () => text.includes('begun'));

  const other = new Authority(folder, 'second');
  const renewed = other.sign('renewed');
  copyFileSync(renewed.cert, files.cert);
  copyFileSync(renewed.key, files.key);
  server.child.process.kill('SIGHUP');
  await eventually('the reload', () => server.child.output.includes('read again'));
  assert.match(await curl(other, `${server.url}/healthz`), /ok/);
  await assert.rejects(curl(authority, `${server.url}/healthz`), /certificate/);

  writeFileSync(files.key, 'nothing of the kind');
  server.child.process.kill('SIGHUP');
  await eventually('the failure', () => server.child.output.includes('what was read before goes on'));
  assert.match(server.child.output, /PROXY_TLS_KEY_FILE: \S+ holds no private key/);
  assert.match(await curl(other, `${server.url}/healthz`), /ok/);

  await upstream.openGate('go');
  assert.equal(await withDeadline(ended, 'the stream to end'), 0);
  assert.match(text, /event: response\.completed/);
});

test('with PROXY_TLS_CLIENT_CA_FILE clients need a certificate of that authority', async (t) => {
  const clients = new Authority(folderOf(t), 'clients');
  const { server, folder, authority } = await startTls(t,
    { env: { PROXY_TLS_CLIENT_CA_FILE: clients.file } });
  const ask = (files) => curl(authority, '--cert', files.cert, '--key', files.key, `${server.url}/healthz`);
  assert.match(await ask(clients.sign('a-client')), /ok/);
  await assert.rejects(curl(authority, `${server.url}/healthz`));
  await assert.rejects(ask(new Authority(folder, 'others').sign('somebody')));
  await assert.rejects(ask(clients.sign('outdated', { days: -1 })));
  // The server's own command has the server's own certificate.
  const health = await run(binary('RP_SERVER'), ['health'],
    { env: { ...server.env, PROXY_PORT: new URL(server.url).port } });
  assert.match(health.stdout, /ok/);
});

test('the control plane on a port of its own speaks TLS, too', async (t) => {
  const { server, authority } = await startTls(t, { env: { PROXY_ADMIN_BIND: '127.0.0.1:0' } });
  const [, url] = await eventually('its address',
    () => server.child.output.match(/control plane (https:\/\/[^)]+)/));
  assert.match(await curl(authority, `${url}/readyz`), /ready/);
});

test('check-config says what is wrong with the files', async (t) => {
  const folder = folderOf(t);
  const authority = new Authority(folder, 'ca');
  const files = authority.sign('server');
  const other = authority.sign('other');
  const encrypted = join(folder, 'encrypted.key');
  openssl('pkey', '-in', files.key, '-aes128', '-passout', 'pass:secret', '-out', encrypted);
  const outdated = authority.sign('outdated', { days: -1 });
  const check = (env) => spawnSync(binary('RP_SERVER'), ['check-config'],
    { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, PROXY_PORT: '0', OPENAI_API_KEY: 'sk-1', ...env } });
  const wrong = [
    [{ PROXY_TLS_CERT_FILE: files.cert }, /^error: PROXY_TLS_CERT_FILE: ".*" needs PROXY_TLS_KEY_FILE/m],
    [{ PROXY_TLS_KEY_FILE: files.key }, /^error: PROXY_TLS_KEY_FILE: ".*" needs PROXY_TLS_CERT_FILE/m],
    [{ PROXY_TLS_CLIENT_CA_FILE: authority.file }, /^error: PROXY_TLS_CLIENT_CA_FILE: ".*" needs PROXY_TLS_CERT_FILE/m],
    [variables({ ...files, cert: join(folder, 'none.pem') }),
      /^error: PROXY_TLS_CERT_FILE: \S+none\.pem cannot be read: No such file or directory$/m],
    [variables({ ...files, cert: files.key }), /^error: PROXY_TLS_CERT_FILE: \S+ holds no certificate in PEM form$/m],
    [variables({ ...files, key: other.key }),
      /^error: PROXY_TLS_KEY_FILE: \S+ is not the key of the certificate in PROXY_TLS_CERT_FILE$/m],
    [variables({ ...files, key: encrypted }), /^error: PROXY_TLS_KEY_FILE: \S+ is encrypted, .*openssl pkey/m],
    [{ ...variables(files), PROXY_TLS_CLIENT_CA_FILE: files.key },
      /^error: PROXY_TLS_CLIENT_CA_FILE: \S+ holds no certificate in PEM form$/m],
  ];
  for (const [env, message] of wrong) {
    const { status, stderr } = check(env);
    assert.match(stderr, message);
    assert.equal(status, 2);
  }
  const late = check(variables(outdated));
  assert.match(late.stderr, /^warning: PROXY_TLS_CERT_FILE: \S+ expired at 20/m);
  assert.equal(late.status, 0, late.stderr);
});
