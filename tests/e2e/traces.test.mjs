// Traces: what goes up, what the collector gets, and that nobody waits for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, SocketUpstream, startPair } from './harness.mjs';
import { OtlpReceiver } from './otlp_receiver.mjs';
import { WebSocketClient } from './web_socket_client.mjs';

const kTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const kParent = '00f067aa0ba902b7';
const kTraceparent = `00-${kTrace}-${kParent}-01`;
const kUnsampled = `00-${kTrace}-${kParent}-00`;

const ok = { response: { id: 'resp_1', text: 'a secret answer', usage: { input: 11, output: 7 } } };

function ask(server, headers = {}, body = { model: 'gpt-5.5', input: 'a secret question' }) {
  return fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function startTraced(t, { env = {}, ...options } = {}) {
  const receiver = await OtlpReceiver.start(t);
  const pair = await startPair(t, {
    rules: [{ replies: [ok], repeat_last: true }],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env }, ...options,
  });
  const spans = (count) => eventually(`${count} spans`, () => {
    assert.deepEqual(receiver.problems, []);
    return receiver.spans.length >= count && receiver.spans;
  });
  const metric = async (name) =>
    Number((await (await fetch(`${pair.server.url}/metrics`)).text()).match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1]);
  return { ...pair, receiver, spans, metric };
}

test('an exchange is a span of the caller\'s trace, its attempt a span that the provider is told of', async (t) => {
  const { server, upstream, receiver, spans, metric } = await startTraced(t, {
    env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-token=abc%20def', OTEL_SERVICE_NAME: 'the-proxy' },
  });
  const answer = await ask(server, { traceparent: kTraceparent, tracestate: 'vendor=1', session_id: 's-1' });
  assert.equal(answer.status, 200);
  const [exchange, attempt] = await spans(2);
  assert.deepEqual([exchange.traceId, exchange.parentSpanId, exchange.kind], [kTrace, kParent, 2]);
  assert.deepEqual([attempt.traceId, attempt.parentSpanId, attempt.kind], [kTrace, exchange.spanId, 3]);
  assert.equal(exchange.name, 'chat gpt-5.5');
  const { attributes } = exchange;
  assert.equal(attributes['gen_ai.operation.name'], 'chat');
  assert.equal(attributes['gen_ai.request.model'], 'gpt-5.5');
  assert.equal(attributes['gen_ai.response.id'], 'resp_1');
  assert.equal(attributes['gen_ai.conversation.id'], 's-1');
  assert.equal(attributes['gen_ai.usage.input_tokens'], '11');
  assert.equal(attributes['gen_ai.usage.output_tokens'], '7');
  assert.equal(attributes['rp.request_id'], answer.headers.get('x-request-id'));
  assert.equal(attempt.attributes['gen_ai.provider.name'], 'openai');
  assert.equal(attempt.attributes['rp.resource_id'], answer.headers.get('x-proxy-resource-id'));
  const [request] = await upstream.requests();
  assert.equal(request.header('traceparent'), `00-${kTrace}-${attempt.spanId}-01`);
  assert.equal(request.header('tracestate'), 'vendor=1');
  for (const { text } of receiver.spans) assert.ok(!text.includes('secret'), text);
  const [{ path, headers, resource }] = receiver.requests;
  assert.equal(path, '/v1/traces');
  assert.equal(headers['x-token'], 'abc def');
  assert.equal(resource['service.name'], 'the-proxy');
  assert.equal(await metric('rp_trace_spans_exported_total'), 2);
  assert.equal(await metric('rp_trace_spans_dropped_total'), 0);
});

test('without a caller\'s word a trace begins here; each attempt of a failover is a span', async (t) => {
  const busy = { error: { status: 500, type: 'server_error', code: 'server_error', message: 'a secret word' } };
  const { server, upstream, spans } = await startTraced(t, { rules: [{ replies: [busy, ok] }] });
  assert.equal((await ask(server)).status, 200);
  const [exchange, first, second] = await spans(3);
  assert.equal(exchange.parentSpanId, undefined);
  assert.deepEqual(exchange.status, {});
  assert.deepEqual([first.status.code, first.attributes['http.response.status_code']], [2, '500']);
  assert.equal(first.attributes['error.type'], 'http_500');
  assert.equal(second.attributes['rp.reason'], 'failover');
  const sent = (await upstream.requests()).map((request) => request.header('traceparent'));
  assert.deepEqual(sent, [first, second].map(({ spanId }) => `00-${exchange.traceId}-${spanId}-01`));
  assert.ok(!first.text.includes('secret'));
});

test('a caller that does not sample is not traced, and its header goes up as it came', async (t) => {
  const { server, upstream, receiver, spans } = await startTraced(t);
  await ask(server, { traceparent: kUnsampled });
  await ask(server, { traceparent: kTraceparent });
  await spans(2);
  assert.equal(receiver.spans.length, 2);
  const [first] = await upstream.requests();
  assert.equal(first.header('traceparent'), kUnsampled);
});

test('each turn on a socket is an exchange, of the trace that its message names', async (t) => {
  const { server, upstream, spans } = await startTraced(t, { kind: SocketUpstream, rules: [] });
  const turn = { stream: { id: 'resp_1', deltas: ['a secret answer'], usage: { input: 11, output: 7 } } };
  await upstream.turns([turn, turn]);
  const client = await WebSocketClient.open(`${server.baseUrl}/responses`);
  t.after(() => client.close());
  for (const metadata of [{ ws_request_header_traceparent: kTraceparent }, {}]) {
    client.send({
      type: 'response.create', model: 'gpt-5.5', input: 'a secret question', client_metadata: metadata,
    });
    assert.equal((await client.until('response.completed')).at(-1).type, 'response.completed');
  }
  const all = await spans(4);
  const turns = all.filter(({ kind }) => kind === 2);
  assert.equal(turns.length, 2);
  assert.deepEqual([turns[0].traceId, turns[0].parentSpanId], [kTrace, kParent]);
  assert.notEqual(turns[1].traceId, kTrace);
  for (const { attributes } of turns) assert.equal(attributes['rp.websocket'], true);
});

test('a collector that does not work delays no request, and is told of once', async (t) => {
  const { server, receiver, metric, spans } = await startTraced(t);
  receiver.status = 503;
  for (let i = 0; i < 5; ++i) assert.equal((await ask(server)).status, 200);
  await eventually('the log to say so', () => server.child.output.includes('traces does not work: HTTP 503'));
  assert.equal(await metric('rp_trace_spans_exported_total'), 0);
  receiver.status = 200;
  await spans(10);
  await eventually('the log to say so', () => server.child.output.includes('traces works again'));
  assert.equal(server.child.output.split('traces does not work').length, 2);
});

test('without an endpoint nothing is added', async (t) => {
  const { server, upstream } = await startPair(t, { rules: [{ replies: [ok], repeat_last: true }] });
  await ask(server, { traceparent: kTraceparent });
  await ask(server);
  const [first, second] = await upstream.requests();
  assert.equal(first.header('traceparent'), kTraceparent);
  assert.equal(second.header('traceparent'), undefined);
  assert.ok(!(await (await fetch(`${server.url}/metrics`)).text()).includes('rp_trace_'));
});
