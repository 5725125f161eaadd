// What pages of other sites can do with a server on their visitor's machine, in a real browser.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { startBrowser } from './browser.mjs';
import { startPair } from './harness.mjs';

const kSite = 'other.example'; // resolved to this machine, as DNS rebinding does
const kArguments = [`--host-resolver-rules=MAP ${kSite} 127.0.0.1`];

// A page of another site: its origin, and the page in a browser.
async function startSite(t) {
  const site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>another site</title>');
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  t.after(() => site.close());
  const browser = await startBrowser(t, { args: kArguments });
  const origin = `http://${kSite}:${site.address().port}`;
  const page = await browser.newPage();
  await page.goto(origin);
  return { browser, page, origin };
}

// ---- inside the page ----

// What a form could send: no preflight, and the answer cannot be read.
const postText = (page, url) => page.evaluate(async (target) => {
  const body = JSON.stringify({ model: 'm', input: 'x' });
  await fetch(target, { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body });
}, url);

// The status and what the page may read; 'blocked' if the browser does not let it.
const ask = (page, url, options = {}) => page.evaluate(async ([target, init]) => {
  try {
    const response = await fetch(target, init);
    return { status: response.status, id: response.headers.get('x-request-id'), text: await response.text() };
  } catch {
    return 'blocked';
  }
}, [url, options]);

// The types of the events of one turn; 'refused' if the socket does not open.
const socketTurn = (page, url) => page.evaluate((target) => new Promise((resolve) => {
  const types = [];
  const socket = new WebSocket(target);
  socket.onopen = () => socket.send(JSON.stringify({ type: 'response.create', model: 'm', input: 'x' }));
  socket.onerror = () => resolve('refused');
  socket.onmessage = ({ data }) => {
    types.push(JSON.parse(data).type);
    if (types.at(-1) !== 'response.completed') return;
    resolve(types);
    socket.close();
  };
}), url);

const kJsonPost = {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer anything' },
  body: JSON.stringify({ model: 'm', input: 'x' }),
};

test('a page of another site gets nothing, and nothing is sent for it', async (t) => {
  const { server, upstream } = await startPair(t);
  const { page } = await startSite(t);
  await postText(page, `${server.baseUrl}/responses`);
  assert.equal(await ask(page, `${server.baseUrl}/responses`, kJsonPost), 'blocked');
  assert.equal(await ask(page, `${server.url}/admin/requests`), 'blocked');
  assert.equal(await ask(page, `${server.url}/admin/health/check`, { method: 'POST' }), 'blocked');
  assert.equal(await socketTurn(page, `${server.url.replace('http', 'ws')}/v1/responses`), 'refused');
  assert.equal((await upstream.counts()).requests, 0);
  assert.deepEqual(await server.allRows(), []);
});

test('a sandboxed frame has no origin that counts', async (t) => {
  const { server, upstream } = await startPair(t);
  const { page } = await startSite(t);
  await page.evaluate((target) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    window.onmessage = resolve;
    frame.srcdoc = `<script>fetch(${JSON.stringify(target)}, { method: 'POST', mode: 'no-cors', body: '{"model":"m"}' })
      .finally(() => parent.postMessage('done', '*'))</script>`;
    document.body.append(frame);
  }), `${server.baseUrl}/responses`);
  assert.equal((await upstream.counts()).requests, 0);
});

test('an allowed page may do all of it', async (t) => {
  const { page, origin } = await startSite(t);
  const { server } = await startPair(t, { env: { PROXY_ALLOWED_ORIGINS: origin } });
  const answer = await ask(page, `${server.baseUrl}/responses`, kJsonPost); // with a preflight
  assert.equal(answer.status, 200);
  assert.match(answer.id, /^req_/);
  assert.equal(JSON.parse(answer.text).object, 'response');
  const types = await socketTurn(page, `${server.url.replace('http', 'ws')}/v1/responses`);
  assert.equal(types.at(-1), 'response.completed');
  await server.rows(2);
  const list = await ask(page, `${server.url}/admin/requests`);
  assert.equal(JSON.parse(list.text).data.length, 2);
  // Its errors, too.
  assert.equal((await ask(page, `${server.baseUrl}/nothing`)).status, 404);
});

test('a name that somebody points here is not ours', async (t) => {
  const { server, upstream } = await startPair(t);
  const { browser } = await startSite(t);
  const { port } = new URL(server.url);
  const page = await browser.newPage();
  for (const path of ['/', '/admin/requests', '/v1/models']) {
    const answer = await page.goto(`http://${kSite}:${port}${path}`);
    assert.equal(answer.status(), 403, path);
    assert.match(await answer.text(), /PROXY_ALLOWED_HOSTS/);
  }
  assert.equal((await upstream.counts()).requests, 0);
});

test('a name that is allowed is ours, its pages included', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_ALLOWED_HOSTS: kSite } });
  const { browser } = await startSite(t);
  const page = await browser.newPage();
  await page.goto(`http://${kSite}:${new URL(server.url).port}/#/resources`);
  await page.locator('#link', { hasText: 'live' }).waitFor();
  await page.click('#check');
  await page.locator('#check-result', { hasText: '2 of 2 resources healthy' }).waitFor();
});
