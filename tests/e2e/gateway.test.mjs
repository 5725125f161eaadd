// The embedding example as a real gateway: JSON, SSE, its own route, and a client that leaves.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Child, Upstream, binary, withDeadline } from './harness.mjs';

let upstream;
let gateway;
let url;
let folder;

before(async () => {
  upstream = await Upstream.start();
  folder = mkdtempSync(join(tmpdir(), 'rp-gateway-'));
  gateway = new Child(binary('RP_GATEWAY'), ['0'], {
    cwd: folder,
    env: {
      OPENAI_API_KEYS: 'sk-test-key-one,sk-test-key-two',
      PROXY_UPSTREAM_BASE_URL: upstream.baseUrl,
      PROXY_SQLITE_URL: `sqlite:///${folder}/proxy.sqlite3`,
      PROXY_TELEMETRY_SPOOL_PATH: `${folder}/telemetry.spool`,
      PROXY_HEALTH_CHECK_ENABLED: 'false',
    },
  });
  const ready = await gateway.line(/listening on (http:\/\/\S+)$/);
  assert.ok(ready, gateway.output);
  url = ready[1];
});

after(async () => {
  gateway.process.kill('SIGKILL');
  await withDeadline(gateway.exited, 'the gateway to die');
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

const post = (body, signal) =>
  fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });

test('its own route is still its own', async () => {
  const answer = await fetch(`${url}/gateway/hello`);
  assert.equal(await answer.text(), "the gateway's own route\n");
});

test('JSON goes through the library, and a continuation finds its resource', async () => {
  const first = await post({ model: 'm', input: 'x' });
  assert.equal(first.status, 200);
  const home = first.headers.get('x-proxy-resource-id');
  const { id } = await first.json();
  const next = await post({ model: 'm', input: 'y', previous_response_id: id });
  assert.equal(next.headers.get('x-proxy-resource-id'), home);
  assert.equal(next.headers.get('x-proxy-decision'), 'response_affinity');
  assert.equal((await fetch(`${url}/v1/nothing`)).status, 404);
});

test('SSE goes through the library', async () => {
  const answer = await post({ model: 'm', input: 'x', stream: true });
  assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
  const text = await answer.text();
  assert.match(text, /event: response\.created/);
  assert.match(text, /event: response\.completed/);
});

test('a client that leaves frees the upstream', async () => {
  const long = { stream: { id: 'resp_x', deltas: Array(5000).fill('x'.repeat(2000)) } };
  await upstream.add([{ method: 'POST', path: '/v1/responses', replies: [long] }]);
  const leave = new AbortController();
  const answer = await post({ model: 'm', stream: true }, leave.signal);
  await answer.body.getReader().read();
  leave.abort();
  await upstream.wait('aborted');
});
