// The harness itself: what it says about an upstream is what a client sees.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { Upstream } from './harness.mjs';

async function started(t, rules) {
  const upstream = await Upstream.start(rules);
  t.after(() => upstream.stop());
  const post = (key, options = {}) =>
    fetch(`${upstream.baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-some': 'thing' },
      body: '{"input": "hi"}',
      ...options,
    });
  return { upstream, post };
}

test('replies are scripted by key and number', async (t) => {
  const error = { status: 429, type: 'requests', code: 'slow', message: 'Slow' };
  const { upstream, post } = await started(t, [
    { key: 'sk-a', replies: [{ error, headers: { 'retry-after': '7' } }] },
  ]);
  const refused = await post('sk-a');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '7');
  assert.deepEqual(await refused.json(), {
    error: { message: 'Slow', type: 'requests', param: null, code: 'slow' },
  });
  assert.equal((await (await post('sk-a')).json()).id, 'resp_2');
  const [request] = await upstream.requests();
  assert.equal(request.body, '{"input": "hi"}');
  assert.equal(request.header('x-some'), 'thing');
  assert.equal(request.key, 'sk-a');
});

test('steps can be put into a stream, and a client that leaves is counted', async (t) => {
  const reply = { stream: { id: 'resp_s', deltas: ['one'] }, insert: [{ at: 5, step: 'stall' }] };
  const { upstream, post } = await started(t, [{ replies: [reply] }]);
  const leaving = new AbortController();
  const response = await post('sk-a', { signal: leaving.signal });
  assert.equal((await upstream.counts()).in_flight, 1);
  leaving.abort();
  await assert.rejects(response.text());
  await upstream.wait('aborted', 1);
  await upstream.wait('idle');
});

test('an answer may come before the body', async (t) => {
  const error = { status: 413, type: 'some_error', code: 'too_large', message: 'No' };
  const { upstream } = await started(t, [{ replies: [{ error, before_body: true }] }]);
  const headers = { 'content-length': 2, expect: '100-continue' };
  const request = http.request(`${upstream.baseUrl}/responses`, { method: 'POST', headers });
  request.on('continue', () => assert.fail('the body was asked for'));
  request.flushHeaders();
  const [answer] = await once(request, 'response');
  assert.equal(answer.statusCode, 413);
  request.end('{}');
  answer.resume();
  await once(answer, 'end');
  await upstream.wait('idle');
});

test('a script that makes no sense is refused', async (t) => {
  const { upstream } = await started(t, []);
  await assert.rejects(upstream.add([{ replies: [{}] }]));
});
