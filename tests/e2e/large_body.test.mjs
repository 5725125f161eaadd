// A body of exactly the default PROXY_MAX_BODY_BYTES, and one byte more.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';

import { Server } from './harness.mjs';

const kLimit = 104_857_600;

// A request of that many bytes.
function bodyOf(bytes) {
  const start = '{"model":"m","input":"';
  return Buffer.concat([
    Buffer.from(start),
    Buffer.alloc(bytes - start.length - 2, 'abcdefghij'),
    Buffer.from('"}'),
  ]);
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

// An upstream that keeps no body, but its length and its digest.
async function startUpstream(t) {
  const seen = [];
  const upstream = http.createServer((request, response) => {
    const hash = createHash('sha256');
    let length = 0;
    request.on('data', (chunk) => {
      hash.update(chunk);
      length += chunk.length;
    });
    request.on('end', () => {
      seen.push({ length, digest: hash.digest('hex') });
      response.setHeader('content-type', 'application/json');
      response.end('{"id":"resp_1","object":"response","status":"completed"}');
    });
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  return { seen, baseUrl: `http://127.0.0.1:${upstream.address().port}/v1` };
}

// In whole when its length is told beforehand, else chunked. Resolves with the answer even if it
// comes before the body has left.
function post(server, body, { chunked }) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    if (!chunked) headers['content-length'] = body.length;
    const request = http.request(`${server.baseUrl}/responses`, { method: 'POST', headers });
    request.on('response', (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        request.destroy();
        resolve({ status: answer.statusCode, body: JSON.parse(Buffer.concat(parts)) });
      });
    });
    request.on('error', reject);
    if (chunked) {
      const kChunk = 1 << 20;
      for (let at = 0; at < body.length; at += kChunk) request.write(body.subarray(at, at + kChunk));
      request.end();
    } else {
      request.end(body);
    }
  });
}

const proc = (server, file) => readFileSync(`/proc/${server.child.process.pid}/${file}`, 'latin1');

// The most memory the process has ever had.
const peakBytes = (server) => Number(proc(server, 'status').match(/^VmHWM:\s+(\d+) kB$/m)[1]) * 1024;

// A sanitizer keeps what was freed.
const sanitized = (server) => /lib[at]san\./.test(proc(server, 'maps'));

for (const chunked of [false, true]) {
  test(`the largest body and one byte more, ${chunked ? 'chunked' : 'with its length'}`, async (t) => {
    const upstream = await startUpstream(t);
    const server = await Server.start({ upstream });
    t.after(() => server.stop());
    const before = peakBytes(server);
    const largest = bodyOf(kLimit);
    assert.equal((await post(server, largest, { chunked })).status, 200);
    assert.deepEqual(upstream.seen, [{ length: kLimit, digest: digest(largest) }]);
    if (!sanitized(server)) assert.ok(peakBytes(server) - before < 4 * kLimit, proc(server, 'status'));

    const refused = await post(server, bodyOf(kLimit + 1), { chunked });
    assert.equal(refused.status, 413);
    assert.equal(refused.body.error.code, 'body_too_large');
    assert.equal(upstream.seen.length, 1);
    const [row] = await server.rows(1);
    assert.deepEqual([row.status_code, row.request_bytes], [200, kLimit]);
    await server.idle();
  });
}
