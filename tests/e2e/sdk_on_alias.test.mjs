// The official SDK for JavaScript on models of providers that do not speak the Responses API.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { anthropic } from './anthropic_provider.mjs';
import { chat } from './chat_provider.mjs';
import { kAlias, startTranslated } from './scripted_provider.mjs';

const kAsk = { model: kAlias, input: 'Say hello.' };
const kWeather = {
  type: 'function', name: 'weather', description: 'The weather of a city.', strict: true,
  parameters: {
    type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
  },
};
const weather = (city) => ({ name: 'weather', arguments: { city } });

async function start(t, dialect, script, options) {
  const pair = await startTranslated(t, dialect, script, options);
  const client = new OpenAI({ baseURL: pair.server.baseUrl, apiKey: 'sk-of-the-client', maxRetries: 0 });
  return { ...pair, client };
}

const itemsOf = (response, type) => response.output.filter((item) => item.type === type);
const last = (conversation, role) => conversation.findLast((entry) => entry.role === role);
const withoutKeys = (value, ...keys) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

// Every member that the SDK's type of a response has.
const kMembers = [
  'id', 'created_at', 'output_text', 'error', 'incomplete_details', 'instructions', 'metadata', 'model', 'object',
  'output', 'parallel_tool_calls', 'temperature', 'tool_choice', 'tools', 'top_p', 'background', 'completed_at',
  'max_output_tokens', 'previous_response_id', 'prompt_cache_key', 'reasoning', 'safety_identifier', 'service_tier',
  'status', 'text', 'truncation', 'usage', 'user',
];

for (const dialect of [chat, anthropic]) {
  const on = (what) => `${what}: ${dialect.name}`;

  test(on('create: the whole response'), async (t) => {
    const { provider, server, client } = await start(t, dialect, [{ thinking: 'A greeting.', text: 'Hello.' }]);
    const { data, response } = await client.responses
      .create({ ...kAsk, instructions: 'Be kind.', reasoning: { effort: 'high' }, metadata: { a: 'b' } })
      .withResponse();
    assert.equal(data.output_text, 'Hello.');
    assert.deepEqual(kMembers.filter((name) => !(name in data)), []);
    assert.deepEqual([data.status, data.model, data.instructions], ['completed', kAlias, 'Be kind.']);
    assert.deepEqual(data.metadata, { a: 'b' });
    assert.deepEqual(data.output.map(({ type }) => type), ['reasoning', 'message']);
    assert.deepEqual(data.output[0].summary, [{ type: 'summary_text', text: 'A greeting.' }]);
    assert.deepEqual(data.usage, {
      input_tokens: 100, input_tokens_details: { cached_tokens: 40, cache_write_tokens: 0 },
      output_tokens: 20, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 120,
    });
    provider.assertWellAsked();
    assert.deepEqual(provider.last.conversation, [
      { role: 'system', text: 'Be kind.' }, { role: 'user', text: 'Say hello.' },
    ]);
    const [row] = await server.rows(1);
    assert.equal(row.request_id, response.headers.get('x-request-id'));
    assert.deepEqual([row.response_id, row.total_tokens], [data.id, 120]);
  });

  test(on('stream: what is accumulated is the whole response'), async (t) => {
    const calls = [weather('Köln'), weather('Oslo')];
    const { provider, client } = await start(t, dialect, [{ thinking: 'Two cities.', text: 'I look: ☀?', calls }]);
    const stream = client.responses.stream({ ...kAsk, tools: [kWeather] });
    const events = [];
    stream.on('event', (event) => events.push(event));
    const final = await stream.finalResponse();
    assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
    const completed = events.at(-1);
    assert.equal(completed.type, 'response.completed');
    assert.equal(final.output_text, 'I look: ☀?');
    assert.deepEqual(final.output.map(({ type }) => type), ['reasoning', 'message', 'function_call', 'function_call']);
    assert.deepEqual(itemsOf(final, 'function_call').map((call) => [call.name, JSON.parse(call.arguments), call.status]),
      [['weather', { city: 'Köln' }, 'completed'], ['weather', { city: 'Oslo' }, 'completed']]);
    assert.deepEqual(final.output.map((item) => withoutKeys(item, 'parsed_arguments', 'content')),
      completed.response.output.map((item) => withoutKeys(item, 'content')));
    // What the deltas say is what is done.
    const text = (type) => events.filter((event) => event.type === type).map(({ delta }) => delta).join('');
    assert.equal(text('response.output_text.delta'), 'I look: ☀?');
    assert.equal(text('response.reasoning_summary_text.delta'), 'Two cities.');
    assert.ok(events.filter(({ type }) => type === 'response.function_call_arguments.delta').length > 2);
    const doneItems = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    assert.deepEqual(doneItems, completed.response.output);
    provider.assertWellAsked();
  });

  test(on('parse: an answer by a schema, whole and streamed'), async (t) => {
    const Answer = z.object({ city: z.string(), degrees: z.array(z.number()), sky: z.enum(['sun', 'rain']) });
    const said = { city: 'Köln', degrees: [3, 7.5], sky: 'rain' };
    const answer = { text: JSON.stringify(said) };
    const { provider, client } = await start(t, dialect, [answer, answer]);
    const format = { ...kAsk, text: { format: zodTextFormat(Answer, 'weather') } };
    assert.deepEqual((await client.responses.parse(format)).output_parsed, said);
    assert.deepEqual((await client.responses.stream(format).finalResponse()).output_parsed, said);
    provider.assertWellAsked();
    for (const { body } of provider.requests) {
      assert.deepEqual(Object.keys(dialect.schema(body).properties), ['city', 'degrees', 'sky']);
    }
  });

  test(on('parse: arguments of a call by a schema'), async (t) => {
    const tool = zodResponsesFunction({ name: 'weather', parameters: z.object({ city: z.string(), days: z.number() }) });
    const call = { name: 'weather', arguments: { city: 'Köln', days: 3 } };
    const { provider, client } = await start(t, dialect, [{ calls: [call] }, { calls: [call] }]);
    const parsed = await client.responses.parse({ ...kAsk, tools: [tool] });
    assert.deepEqual(itemsOf(parsed, 'function_call')[0].parsed_arguments, { city: 'Köln', days: 3 });
    const streamed = await client.responses.stream({ ...kAsk, tools: [tool] }).finalResponse();
    assert.deepEqual(itemsOf(streamed, 'function_call')[0].parsed_arguments, { city: 'Köln', days: 3 });
    provider.assertWellAsked();
  });

  test(on('tools: a loop that sends everything'), async (t) => {
    const { provider, client } = await start(t, dialect, [
      { thinking: 'Two cities.', text: 'I look.', calls: [weather('Köln'), weather('Oslo')] },
      { thinking: 'One more.', calls: [weather('Rom')] },
      { text: 'All of them are fine.' },
    ]);
    const input = [{ role: 'user', content: 'How is the weather?' }];
    const ask = { model: kAlias, tools: [kWeather], store: false, include: ['reasoning.encrypted_content'] };
    let answer;
    for (let turn = 0; turn < 3; ++turn) {
      answer = await client.responses.create({ ...ask, input });
      input.push(...answer.output);
      // In another order than they were called.
      for (const call of itemsOf(answer, 'function_call').reverse()) {
        const { city } = JSON.parse(call.arguments);
        input.push({ type: 'function_call_output', call_id: call.call_id, output: `sun over ${city}` });
      }
    }
    assert.equal(answer.output_text, 'All of them are fine.');
    provider.assertWellAsked();
    const { conversation } = provider.last;
    assert.deepEqual(conversation.map(({ role, thinking, text }) => [role, thinking ?? '', text]), [
      ['user', '', 'How is the weather?'],
      ['assistant', 'Two cities.', 'I look.'], ['tool', '', 'sun over Köln'], ['tool', '', 'sun over Oslo'],
      ['assistant', 'One more.', ''], ['tool', '', 'sun over Rom'],
    ]);
  });

  for (const store of [true, false]) {
    test(on(`tools: a loop that continues responses, ${store ? '' : 'not '}stored`), async (t) => {
      const { provider, client } = await start(t, dialect, [
        { thinking: 'Two cities.', calls: [weather('Köln'), weather('Oslo')] },
        { text: 'Both are fine.' },
        { text: 'They were Köln and Oslo.' },
      ]);
      const ask = { model: kAlias, tools: [kWeather], store };
      const first = await client.responses.create({ ...ask, input: 'How is the weather?' });
      const input = itemsOf(first, 'function_call')
        .map(({ call_id: id }) => ({ type: 'function_call_output', call_id: id, output: 'sun' }));
      const second = await client.responses.stream({ ...ask, input, previous_response_id: first.id }).finalResponse();
      assert.equal(second.output_text, 'Both are fine.');
      assert.equal(second.previous_response_id, first.id);
      const third = await client.responses.create({ ...ask, input: 'Which ones?', previous_response_id: second.id });
      assert.equal(third.output_text, 'They were Köln and Oslo.');
      provider.assertWellAsked();
      assert.deepEqual(provider.last.conversation.map(({ role }) => role),
        ['user', 'assistant', 'tool', 'tool', 'assistant', 'user']);
      assert.equal(provider.last.conversation[1].thinking, 'Two cities.');
    });
  }

  test(on('tools: custom ones, in namespaces, of a fixed choice'), async (t) => {
    const { provider, client } = await start(t, dialect, [
      { calls: [{ name: 'sql', arguments: { input: 'select "a"\n' } }, { name: 'db__drop', arguments: { input: 'b' } }] },
      { calls: [{ name: 'sql', arguments: { input: 'c' } }] },
    ]);
    const tools = [
      { type: 'custom', name: 'sql', description: 'Runs SQL.' },
      { type: 'namespace', name: 'db', description: 'A database.', tools: [{ type: 'custom', name: 'drop', description: 'Drops.' }] },
    ];
    const answer = await client.responses.create({ ...kAsk, tools });
    const calls = itemsOf(answer, 'custom_tool_call').map(({ name, namespace, input }) => [name, namespace, input]);
    assert.deepEqual(calls, [['sql', undefined, 'select "a"\n'], ['drop', 'db', 'b']]);
    assert.deepEqual(answer.tools, tools);
    const chosen = await client.responses.stream({ ...kAsk, tools, tool_choice: { type: 'custom', name: 'sql' } }).finalResponse();
    assert.equal(itemsOf(chosen, 'custom_tool_call')[0].input, 'c');
    provider.assertWellAsked();
    assert.match(JSON.stringify(provider.last.body.tool_choice), /sql/);
  });

  test(on('an image goes up'), async (t) => {
    const { provider, client } = await start(t, dialect, [{ text: 'A dot.' }]);
    const dot = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const content = [{ type: 'input_text', text: 'What is it?' }, { type: 'input_image', image_url: dot, detail: 'auto' }];
    const answer = await client.responses.create({ ...kAsk, input: [{ role: 'user', content }] });
    assert.equal(answer.output_text, 'A dot.');
    provider.assertWellAsked();
    assert.match(provider.last.text, /iVBORw0KGgo/);
  });

  test(on('what stops early is incomplete'), async (t) => {
    const { client } = await start(t, dialect, [
      { text: 'Half of', stop: 'length' }, { text: 'Half of', stop: 'length' }, { text: 'No', stop: 'filter' },
    ]);
    const cut = await client.responses.create(kAsk);
    assert.deepEqual([cut.status, cut.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }]);
    assert.equal(cut.output_text, 'Half of');
    const streamed = await client.responses.stream(kAsk).finalResponse();
    assert.deepEqual([streamed.status, streamed.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }]);
    const filtered = await client.responses.create(kAsk);
    assert.deepEqual(filtered.incomplete_details, { reason: 'content_filter' });
  });

  for (const breaks of ['error', 'cut']) {
    test(on(`a stream that ends in ${breaks === 'error' ? 'an error' : 'nothing'} has failed`), async (t) => {
      const { client } = await start(t, dialect, [{ text: 'Half of it', breaks }]);
      const events = [];
      for await (const event of await client.responses.create({ ...kAsk, stream: true })) events.push(event);
      assert.equal(events.at(-1).type, 'response.failed');
      assert.ok(events.at(-1).response.error.message);
      assert.ok(events.some(({ delta }) => delta === 'Half of i'));
      assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
    });
  }

  test(on("the provider's errors are the SDK's error classes"), async (t) => {
    const rows = [
      [400, 'invalid_request_error', OpenAI.BadRequestError],
      [401, 'authentication_error', OpenAI.AuthenticationError],
      [403, 'permission_error', OpenAI.PermissionDeniedError],
      [404, 'not_found_error', OpenAI.NotFoundError],
      [429, 'rate_limit_error', OpenAI.RateLimitError],
      [500, 'api_error', OpenAI.InternalServerError],
      [503, 'api_error', OpenAI.InternalServerError],
    ];
    for (const [status, type, Class] of rows) {
      for (const stream of [false, true]) {
        await t.test(`${status}${stream ? ' for a stream' : ''}`, async (t) => {
          const error = { status, type, message: 'Because of the moon.' };
          const { client } = await start(t, dialect, [{ error, headers: { 'retry-after': '7' } }]);
          const thrown = await client.responses.create({ ...kAsk, stream }).then(assert.fail, (reason) => reason);
          assert.equal(thrown.constructor, Class);
          assert.equal(thrown.status, status);
          assert.match(thrown.message, /Because of the moon\./);
          assert.ok(thrown.requestID);
          assert.ok(thrown.type);
          if (status === 429) assert.match(thrown.headers.get('retry-after'), /^[67]$/);
        });
      }
    }
  });

  test(on("the proxy's own errors: nothing goes up"), async (t) => {
    const { provider, client } = await start(t, dialect, []);
    const refused = async (more, expected) => {
      const thrown = await client.responses.create({ ...kAsk, ...more }).then(assert.fail, (reason) => reason);
      assert.equal(thrown.constructor, OpenAI.BadRequestError);
      assert.deepEqual([thrown.code, thrown.param], expected);
    };
    await refused({ previous_response_id: 'resp_of_nobody' }, ['previous_response_not_found', 'previous_response_id']);
    await refused({ tools: [{ type: 'image_generation' }] }, ['unsupported_tool', 'image_generation']);
    await refused({ prompt: { id: 'pmpt_1' } }, ['unsupported_parameter', 'prompt']);
    assert.deepEqual([provider.requests.length, provider.refused.length], [0, 0]);
  });

  test(on('hosted tools are left out, and it is told'), async (t) => {
    const { provider, client } = await start(t, dialect, [{ text: 'From memory.' }]);
    const { data, response } = await client.responses
      .create({ ...kAsk, tools: [{ type: 'web_search' }, kWeather], tool_choice: 'auto' }).withResponse();
    assert.equal(data.output_text, 'From memory.');
    assert.equal(response.headers.get('x-proxy-omitted-tools'), 'web_search');
    provider.assertWellAsked();
    assert.deepEqual(provider.last.tools, ['weather']);
  });
}
