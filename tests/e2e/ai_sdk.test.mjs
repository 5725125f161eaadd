// The AI SDK with its defaults: from the second turn on it names earlier answers by the ids of
// their items, which only the account that made them knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';

import { Accounts } from './accounts.mjs';
import { startPair } from './harness.mjs';

const kKeys = ['sk-test-key-one', 'sk-test-key-two', 'sk-test-key-three'];
const kConversations = 20;

async function start(t, options = {}) {
  const pair = await startPair(t, { kind: Accounts, keys: kKeys, ...options });
  const openai = createOpenAI({ baseURL: pair.server.baseUrl, apiKey: 'sk-of-the-client' });
  return { ...pair, model: openai('gpt-4.1-mini') };
}

async function generated(model, messages) {
  const { text, response } = await generateText({ model, messages, maxRetries: 0 });
  return { text, messages: response.messages };
}

async function streamed(model, messages) {
  const result = streamText({ model, messages, maxRetries: 0, onError: () => {} });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  return { text, messages: (await result.response).messages };
}

// Appends the answer, and returns its text.
async function turn(ask, model, messages, content) {
  messages.push({ role: 'user', content });
  const answer = await ask(model, messages);
  messages.push(...answer.messages);
  return answer.text;
}

const references = ({ body }) => body.input.filter((item) => item.type === 'item_reference');

for (const [name, ask] of Object.entries({ generateText: generated, streamText: streamed })) {
  test(`${name}: every second turn finds the account of the first`, async (t) => {
    const { upstream, server, model } = await start(t);
    for (let i = 0; i < kConversations; ++i) {
      const messages = [];
      assert.match(await turn(ask, model, messages, 'Hi'), /^Answer \d+\.$/);
      assert.match(await turn(ask, model, messages, 'And now?'), /^Answer \d+\.$/);
    }
    assert.equal(upstream.requests.length, 2 * kConversations, 'nothing had to be tried twice');
    for (let i = 0; i < upstream.requests.length; i += 2) {
      assert.equal(references(upstream.requests[i + 1]).length, 1, 'the SDK refers to items');
      assert.equal(upstream.requests[i + 1].key, upstream.requests[i].key);
    }
    assert.equal(new Set(upstream.requests.map(({ key }) => key)).size, kKeys.length);
    const reasons = (await server.rows(2 * kConversations, 'decisions')).map(({ reason }) => reason);
    assert.equal(reasons.filter((reason) => reason === 'response_affinity').length, kConversations);
  });
}

test('after a restart the account is found by trying, and then known', async (t) => {
  const { upstream, server, model } = await start(t);
  for (let i = 0; i < kKeys.length; ++i) {
    const messages = [];
    await turn(generated, model, messages, 'Hi');
    server.env.PROXY_PORT = new URL(server.url).port; // the client keeps its URL
    await server.restart();
    await turn(generated, model, messages, 'And now?');
    const tried = upstream.requests.length;
    await turn(generated, model, messages, 'And then?');
    assert.equal(upstream.requests.length, tried + 1);
  }
});

test('plain items with ids, and answers that are not stored, pin nothing', async (t) => {
  const { server } = await start(t);
  const post = async (body) => {
    const response = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', ...body }),
    });
    return { decision: response.headers.get('x-proxy-decision'), json: await response.json() };
  };
  const stored = await post({ input: 'Hi' });
  const [item] = stored.json.output;
  const reference = { type: 'item_reference', id: item.id };
  assert.equal((await post({ input: [item] })).decision, 'weighted_least_connections');
  assert.equal((await post({ input: [reference] })).decision, 'response_affinity');
  const passing = await post({ input: 'Hi', store: false });
  const gone = { type: 'item_reference', id: passing.json.output[0].id };
  assert.notEqual((await post({ input: [gone] })).decision, 'response_affinity');
});
