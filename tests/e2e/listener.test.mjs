// What rp-server answers on its ports, byte by byte, and WebSocket through it without Codex.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';

import { binary, Child, SocketUpstream, startPair, withDeadline } from './harness.mjs';
import { WebSocketClient } from './web_socket_client.mjs';

// Everything the server sends until it closes.
async function exchange(url, text) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (bytes) => (answer += bytes));
  socket.on('error', () => {});
  socket.write(text);
  await withDeadline(once(socket, 'close'), 'the server to close');
  return answer;
}

const request = (line, fields = '') =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`;
const status = (answer) => Number(answer.split(' ')[1]);

// The public port, and the one of the control plane.
async function startBoth(t) {
  const env = { PROXY_ADMIN_BIND: '127.0.0.1:0' };
  const { server, upstream } = await startPair(t, { env });
  const admin = (await server.child.line(/^control plane on (http:\/\/\S+)$/))[1];
  return { server, upstream, ports: [server.url, admin], admin };
}

test('both ports refuse what two readers could take differently', async (t) => {
  const { upstream, ports } = await startBoth(t);
  const bad = [
    request('GET x'), request('GET ?a'), request('GET *'), request('GET admin/state'),
    request('GET /admin/../admin/state'), request('GET /v1/responses/%2e%2e/files'),
    request('GET /admin%2fstate'), request('GET /admin\\state'), request('GET /healthz#x'),
    request('CONNECT localhost:80'), request('GET http://u@localhost/healthz'),
    request('GET /healthz', 'Host: localhost\r\n'), request('GET /healthz', 'a : b\r\n'),
    'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
    request('POST /admin/health/check', 'Transfer-Encoding: chunked, gzip\r\n'),
    request('POST /admin/health/check', 'Transfer-Encoding: identity\r\nContent-Length: 1\r\n'),
    request('POST /admin/health/check', 'Content-Length: 1\r\nContent-Length: 2\r\n'),
  ];
  for (const port of ports) {
    for (const text of bad) {
      const answer = await exchange(port, `${text}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assert.equal(status(answer), 400, text);
      assert.equal(answer.split('HTTP/1.1 ').length, 2, text); // what follows is no request
    }
    assert.equal(status(await exchange(port, request('GET /p://x/admin/state'))), 404);
    assert.equal(status(await exchange(port, request('GET //admin/state'))), 404);
    assert.equal(status(await exchange(port, request('OPTIONS *'))), 204);
  }
  assert.equal((await upstream.counts()).requests, 0);
});

test('both ports refuse pages of other sites, and names that are not theirs', async (t) => {
  const { ports } = await startBoth(t);
  for (const port of ports) {
    const { host } = new URL(port);
    const get = (hostname, fields = '') =>
      `GET /healthz HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n${fields}\r\n`;
    for (const origin of ['http://other.example', 'null', 'http://127.0.0.1:1', `https://${host}`]) {
      const answer = await exchange(port, get(host, `Origin: ${origin}\r\n`));
      assert.equal(status(answer), 403, origin);
      assert.match(answer, /"origin_not_allowed"/);
    }
    assert.notEqual(status(await exchange(port, get(host, `Origin: http://${host}\r\n`))), 403);
    for (const hostname of ['other.example', `localhost.other.example:${new URL(port).port}`, '0.0.0.0']) {
      const answer = await exchange(port, get(hostname));
      assert.equal(status(answer), 403, hostname);
      assert.match(answer, /"host_not_allowed"/);
    }
  }
});

test('the control plane has HEAD where it has GET, Allow, Date and one length', async (t) => {
  const { admin } = await startBoth(t);
  const get = await exchange(admin, request('GET /healthz'));
  assert.ok(get.endsWith('\r\n\r\n{"status":"ok"}'), get);
  for (const line of ['GET /healthz', 'HEAD /healthz', 'HEAD http://localhost/healthz']) {
    const answer = await exchange(admin, request(line));
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /\r\ncontent-length: 15\r\n/i, line);
    assert.match(answer, /\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  }
  assert.ok((await exchange(admin, request('HEAD /healthz'))).endsWith('\r\n\r\n'));
  // A stream has no end; its head has.
  assert.match(await exchange(admin, request('HEAD /admin/events')), /^HTTP\/1\.1 200 /);
  const refused = await exchange(admin, request('DELETE /healthz'));
  assert.equal(status(refused), 405);
  assert.match(refused, /\r\nallow: GET, HEAD\r\n/i);
});

test('what only the control plane\'s library minds does not reach it', async (t) => {
  const { admin } = await startBoth(t);
  const answer = (line, fields) => exchange(admin, request(line, fields));
  const whole = (await answer('GET /healthz')).split('\r\n\r\n')[1];
  for (const fields of [`Cookie: ${'a'.repeat(20_000)}\r\n`, 'Range: bytes=0-5\r\n', 'Range: bytes=99-\r\n',
    'Range: bytes=abc\r\n']) {
    const got = await answer('GET /healthz', fields);
    assert.equal(status(got), 200, fields);
    assert.equal(got.split('\r\n\r\n')[1], whole, fields);
  }
  assert.equal(status(await answer('GET /admin/requests?session_id=a?b==')), 200);
  for (const method of ['TRACE', 'PROPFIND']) {
    const refused = await answer(`${method} /healthz`);
    assert.equal(status(refused), 405, method);
    assert.match(refused, /\r\nAllow: GET, HEAD\r\n/i);
  }
  const coded = request('POST /admin/health/check', 'Content-Encoding: gzip\r\nContent-Length: 10\r\n');
  assert.equal(status(await exchange(admin, `${coded}{"id":"x"}`)), 415);
});

test('a WebSocket through the server, over HTTP and WebSocket upstreams', async (t) => {
  for (const kind of [undefined, SocketUpstream]) {
    const { server } = await startPair(t, { kind, env: { PROXY_ACCESS_LOG: 'text' } });
    for (const path of ['/v1/responses', '/responses']) {
      const socket = await WebSocketClient.open(`${server.url}${path}`);
      assert.equal(socket.status, 101);
      socket.send({ type: 'response.create', model: 'gpt-4.1-mini', input: 'Hi' });
      const first = await socket.until('response.completed');
      const { id } = first.at(-1).response;
      assert.ok(first.some(({ type }) => type === 'response.output_text.delta'));
      socket.send({ type: 'response.create', model: 'gpt-4.1-mini', input: 'And?', previous_response_id: id });
      const second = await socket.until('response.completed');
      assert.notEqual(second.at(-1).response.id, id);
      socket.close();
      assert.deepEqual(await socket.next(), { closed: 1000 });
    }
    const rows = await server.rows(4);
    for (const row of rows) {
      assert.equal(row.method, 'WEBSOCKET');
      assert.equal(row.path, '/v1/responses');
      assert.equal(row.completed, true);
    }
    const turns = server.child.output.match(/ WEBSOCKET \/v1\/responses 200 .* response=\S+/g);
    assert.equal(turns?.length, 4, 'the access log has a line for each turn');
    assert.equal((await WebSocketClient.open(`${server.url}/v1/models`)).status, 426);
    assert.equal((await WebSocketClient.open(`${server.url}/v1/responses/a%2Fb`)).status, 400);
  }
});

test('a port that is taken ends the start with its name', async (t) => {
  const { server } = await startPair(t);
  const { port } = new URL(server.url);
  const second = new Child(binary('RP_SERVER'), [], {
    cwd: server.folder,
    env: { ...server.env, PROXY_PORT: port, PROXY_SQLITE_URL: `sqlite:///${server.folder}/second.sqlite3` },
  });
  while ((await second.line()) !== undefined);
  assert.equal(await withDeadline(second.exited, 'the second server to end'), 2);
  assert.match(second.output, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*in use`));
});
