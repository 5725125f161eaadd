// Providers that somebody else plays: @copilotkit/aimock speaks Chat Completions, OpenRouter's and
// Anthropic's Messages as its authors read them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';

import { anthropic } from './anthropic_provider.mjs';
import { chat } from './chat_provider.mjs';
import { kAlias, registerProvider, startAlone } from './scripted_provider.mjs';

const kProviders = [
  { name: 'Chat Completions', dialect: chat, path: '/v1', config: { reasoning_field: 'reasoning_content' } },
  { name: 'OpenRouter', dialect: chat, path: '/api/v1', config: { preset: 'openrouter' } },
  { name: 'Anthropic Messages', dialect: anthropic, path: '/v1', config: {} },
];
const kTool = {
  type: 'function', name: 'weather', description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const kUsage = { prompt_tokens: 30, completion_tokens: 8, input_tokens: 30, output_tokens: 8 }; // either's words
const call = (id, city) => ({ id, name: 'weather', arguments: JSON.stringify({ city }) });
const itemsOf = (response, type) => response.output.filter((item) => item.type === type);

// fixtures: what aimock is told, each [match, response, options].
async function start(t, { dialect, path, config }, fixtures) {
  const mock = new LLMock({ port: 0, chunkSize: 4 });
  for (const fixture of fixtures) mock.on(...fixture);
  await mock.start();
  t.after(() => mock.stop());
  const server = await startAlone(t, { PROXY_MAX_ATTEMPTS: '1' });
  await registerProvider(server, { dialect, baseUrl: mock.url + path }, { model: dialect.model, config });
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk-of-the-client', maxRetries: 0 });
  const ask = (more) => client.responses.create({ model: kAlias, input: 'hello', ...more });
  const stream = (more) => client.responses.stream({ model: kAlias, input: 'hello', ...more }).finalResponse();
  return { mock, server, ask, stream };
}

async function eventsOf(asked) {
  const events = [];
  for await (const event of await asked) events.push(event);
  return events;
}

for (const provider of kProviders) {
  const on = (what) => `${what}: ${provider.name}`;

  test(on('an answer with thoughts, whole and streamed'), async (t) => {
    const { mock, ask, stream } = await start(t, provider, [
      [{ userMessage: 'hello' }, { content: 'Hi there, Köln! ☀', reasoning: 'Somebody greets me.', usage: kUsage }],
    ]);
    for (const response of [await ask(), await stream()]) {
      assert.equal(response.status, 'completed');
      assert.equal(response.output_text, 'Hi there, Köln! ☀');
      assert.deepEqual(itemsOf(response, 'reasoning')[0].summary.map(({ text }) => text), ['Somebody greets me.']);
      const { input_tokens: input, output_tokens: output, total_tokens: total } = response.usage;
      assert.deepEqual([input, output, total], [30, 8, 38]);
    }
    assert.equal(mock.getRequests().length, 2);
  });

  test(on('calls, their outputs, and the end of it'), async (t) => {
    const { mock, ask, stream } = await start(t, provider, [
      [{ userMessage: 'hello', hasToolResult: false },
        { content: 'I look.', toolCalls: [call('call_1', 'Köln'), call('call_2', 'Oslo')], reasoning: 'Two cities.' }],
      [{ userMessage: 'hello', hasToolResult: true }, { content: 'Both are fine.' }],
    ]);
    for (const once of [ask, stream]) {
      const tools = [kTool];
      const first = await once({ tools });
      assert.equal(first.output_text, 'I look.');
      const calls = itemsOf(first, 'function_call');
      assert.deepEqual(calls.map((one) => [one.name, JSON.parse(one.arguments)]),
        [['weather', { city: 'Köln' }], ['weather', { city: 'Oslo' }]]);
      const outputs = calls.map(({ call_id: id }) => ({ type: 'function_call_output', call_id: id, output: `sun for ${id}` }));
      const second = await once({ tools, input: outputs, previous_response_id: first.id });
      assert.equal(second.output_text, 'Both are fine.');
      const { messages } = mock.getRequests().at(-1).body;
      const results = messages.filter(({ role }) => role === 'tool');
      assert.deepEqual(results.map(({ tool_call_id: id }) => id), calls.map(({ call_id: id }) => id));
    }
  });

  test(on('a call in front of a text'), async (t) => {
    const blocks = [
      { type: 'toolCall', ...call('call_1', 'Köln') }, { type: 'text', text: 'While you look' },
      { type: 'toolCall', ...call('call_2', 'Oslo') },
    ];
    const { stream } = await start(t, provider, [[{ userMessage: 'hello' }, { blocks }]]);
    const response = await stream({ tools: [kTool] });
    assert.deepEqual(response.output.map(({ type }) => type), ['function_call', 'message', 'function_call']);
    assert.deepEqual(itemsOf(response, 'function_call').map((one) => JSON.parse(one.arguments).city), ['Köln', 'Oslo']);
  });

  test(on('what stops early'), async (t) => {
    const { ask, stream } = await start(t, provider, [
      [{ userMessage: 'hello' }, { content: 'Half of', finishReason: 'length' }],
    ]);
    for (const response of [await ask(), await stream()]) {
      assert.deepEqual([response.status, response.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }]);
    }
  });

  for (const [status, Class] of [[400, OpenAI.BadRequestError], [429, OpenAI.RateLimitError], [500, OpenAI.InternalServerError]]) {
    test(on(`an error ${status}`), async (t) => {
      const { mock, ask } = await start(t, provider, []);
      mock.nextRequestError(status, { message: 'Because of the moon.', type: 'some_error' });
      const thrown = await ask().then(assert.fail, (reason) => reason);
      assert.equal(thrown.constructor, Class);
      assert.match(thrown.message, /Because of the moon\./);
    });
  }

  test(on('a stream that is cut'), async (t) => {
    const { ask } = await start(t, provider, [
      [{ userMessage: 'hello' }, { content: 'Half of what was to be said' }, { truncateAfterChunks: 4, latency: 10 }],
    ]);
    // It resets the connection: how much has come until then is chance.
    const events = await eventsOf(ask({ stream: true })).catch((error) => {
      assert.equal(error.status, 502);
      return [];
    });
    assert.equal(events.at(-1)?.type ?? 'response.failed', 'response.failed');
    assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
  });

  for (const [fault, chaos] of Object.entries({
    'a request that is dropped': { dropRate: 1 },
    'an answer that is no JSON': { malformedRate: 1 },
    'a connection that is closed': { disconnectRate: 1 },
  })) {
    test(on(fault), async (t) => {
      const { mock, server, ask } = await start(t, provider, [[{ userMessage: 'hello' }, { content: 'Hi' }]]);
      mock.setChaos(chaos);
      const thrown = await ask().then(assert.fail, (reason) => reason);
      assert.ok(thrown instanceof OpenAI.InternalServerError, `${thrown}`);
      assert.ok(thrown.error.message && thrown.error.type);
      const [row] = await server.rows(1);
      assert.equal(row.blame, 'provider');
    });
  }
}

test('comments in a stream of OpenRouter', async (t) => {
  const [, openRouter] = kProviders;
  const { stream } = await start(t, openRouter, [
    [{ userMessage: 'hello' }, { content: 'Hi there' }, { openRouterProcessing: true }],
  ]);
  assert.equal((await stream()).output_text, 'Hi there');
});
