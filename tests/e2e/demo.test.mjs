// rp-server with the upstream that it brings along: what somebody sees who has no key.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, Server, withDeadline } from './harness.mjs';

async function call(url, body) {
  const options = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, options);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('rp-server demo answers one request and ends', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rp-demo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const child = new Child(binary('RP_SERVER'), ['demo'], { cwd: folder });
  while ((await child.line()) !== undefined);
  assert.equal(await withDeadline(child.exited, 'the demo'), 0, child.output);
  const answer = JSON.parse(child.output.split('\n').findLast((line) => line.startsWith('{"id"')));
  assert.equal(answer.output[0].content[0].text, 'smoke ok');
});

test('without a key, the demo upstream serves every kind of request', async (t) => {
  const server = await Server.start({ keys: [], args: ['--demo-without-keys'] });
  t.after(() => server.stop());
  const ask = { model: 'gpt-4.1-mini', input: 'Reply with exactly: one two' };
  const responses = `${server.baseUrl}/responses`;

  const stream = await call(responses, { ...ask, stream: true });
  assert.match(stream.headers.get('content-type'), /^text\/event-stream/);
  assert.match(stream.text, /"delta":"one "[^]*"delta":"two"[^]*event: response\.completed\n/);
  assert.equal((await call(`${server.baseUrl}/models`)).status, 200);

  // Each response is known to one key only, so these would fail on the wrong one.
  const makers = new Set();
  for (let i = 0; i < 6; ++i) {
    const made = await call(responses, ask);
    makers.add(made.headers.get('x-proxy-resource-id'));
    const { id } = JSON.parse(made.text);
    assert.equal((await call(`${responses}/${id}`)).status, 200);
    assert.equal((await call(responses, { ...ask, previous_response_id: id })).status, 200);
  }
  assert.ok(makers.size > 1);
  const rows = await server.rows(20);
  assert.ok(rows.every((row) => row.status_code === 200));
});
