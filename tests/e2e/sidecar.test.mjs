// The sidecar that only picks: what nginx asks it and tells it, and, where nginx is there, nginx itself
// with the configuration that the example comes with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Child, Upstream, binary, eventually, withDeadline } from './harness.mjs';

let upstream;
let sidecar;
let url;
let logPort;

before(async () => {
  upstream = await Upstream.start();
  sidecar = new Child(binary('RP_SIDECAR'), ['0', '0'], {
    env: { OPENAI_API_KEYS: 'sk-test-key-one,sk-test-key-two', UPSTREAM_BASE_URL: upstream.baseUrl },
  });
  const ready = await sidecar.line(/listening on (http:\S+), log on (\d+)$/);
  assert.ok(ready, sidecar.output);
  [, url, logPort] = ready;
});

after(async () => {
  sidecar.process.kill('SIGKILL');
  await withDeadline(sidecar.exited, 'the sidecar to die');
  await upstream.stop();
});

const pick = (id, session = '') =>
  fetch(`${url}/pick`, { headers: { 'x-request-id': id, 'x-session': session } });

async function tell(line) {
  const socket = createSocket('udp4');
  await new Promise((done) => socket.send(`<190>Nov 27 18:00:00 nginx: ${line}`, Number(logPort), '127.0.0.1', done));
  socket.close();
  await sidecar.line(/answered/);
}

test('a session keeps its key until that key is rate limited', async () => {
  const first = await pick('one', 's');
  assert.equal(first.status, 204);
  assert.equal(first.headers.get('x-base-url'), upstream.baseUrl);
  const home = first.headers.get('x-resource');
  await tell('one 200 0.420 -');
  assert.equal((await pick('two', 's')).headers.get('x-resource'), home);
  await tell('two 429 0.100 20');
  const next = await pick('three', 's');
  assert.notEqual(next.headers.get('x-resource'), home);
  assert.notEqual(next.headers.get('x-key'), first.headers.get('x-key'));
  await tell('three 401 0.100 -');
  const none = await pick('four', 's');
  assert.equal(none.status, 403);
  assert.match(await none.text(), /"code"/);
});

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
const nginx = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v nginx'], { encoding: 'utf8' }).stdout.trim();

test('nginx sends what the sidecar has picked', { skip: nginx === '' && 'nginx is missing' }, async () => {
  const beside = new Child(binary('RP_SIDECAR'), ['0', '0'], {
    env: { OPENAI_API_KEYS: 'sk-test-key-three', UPSTREAM_BASE_URL: upstream.baseUrl },
  });
  const [, its, log] = await beside.line(/listening on http:\/\/(\S+), log on (\d+)$/);
  const folder = mkdtempSync(join(tmpdir(), 'rp-sidecar-'));
  const port = await freePort();
  const own = readFileSync(new URL('../../examples/picking_sidecar.nginx', import.meta.url), 'utf8')
    .replace('127.0.0.1:9000', its)
    .replace('127.0.0.1:9001', `127.0.0.1:${log}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${port}`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${paths.join(' ')} ${own} }`,
  );
  const server = new Child(nginx, ['-p', folder, '-e', `${folder}/error.log`, '-c', join(folder, 'nginx.conf')]);
  try {
    const post = () =>
      fetch(`http://127.0.0.1:${port}/v1/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', session_id: 's' },
        body: JSON.stringify({ model: 'm', input: 'hello' }),
      });
    const answer = await eventually('nginx to listen', () => post().catch(() => undefined));
    assert.equal(answer.status, 200, readFileSync(join(folder, 'error.log'), 'utf8'));
    assert.equal(answer.headers.get('x-proxy-resource-id'), 'openai-1');
    const sent = (await upstream.requests()).at(-1);
    assert.equal(sent.header('authorization'), 'Bearer sk-test-key-three');
    assert.ok(await beside.line(/answered 200/));
  } finally {
    server.process.kill('SIGKILL');
    beside.process.kill('SIGKILL');
    await withDeadline(Promise.all([server.exited, beside.exited]), 'nginx to die');
    rmSync(folder, { recursive: true, force: true });
  }
});
