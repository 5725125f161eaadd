// The AI SDK with its defaults on models of providers that do not speak the Responses API. From the
// second turn on it names what was said before by the ids of its items, which only the proxy has.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, Output, streamText, tool } from 'ai';
import { z } from 'zod';

import { anthropic } from './anthropic_provider.mjs';
import { chat } from './chat_provider.mjs';
import { kAlias, startTranslated } from './scripted_provider.mjs';

const tools = {
  weather: tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `sun over ${city}`,
  }),
};
const weather = (city) => ({ name: 'weather', arguments: { city } });

async function start(t, dialect, script) {
  const pair = await startTranslated(t, dialect, script);
  const bodies = []; // as the SDK has sent them
  const openai = createOpenAI({
    baseURL: pair.server.baseUrl,
    apiKey: 'sk-of-the-client',
    fetch: (url, init) => {
      bodies.push(JSON.parse(init.body));
      return fetch(url, init);
    },
  });
  return { ...pair, bodies, model: openai(kAlias) };
}

async function generated(options) {
  const { text, usage, responseMessages } = await generateText({ ...options, maxRetries: 0 });
  return { text, usage, messages: responseMessages };
}

async function streamed(options) {
  const result = streamText({ ...options, maxRetries: 0, onError: ({ error }) => { throw error; } });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  return { text, usage: await result.usage, messages: await result.responseMessages };
}

const references = (body) => body.input.filter(({ type }) => type === 'item_reference').length;

for (const dialect of [chat, anthropic]) {
  for (const [name, ask] of Object.entries({ generateText: generated, streamText: streamed })) {
    test(`${name}: two turns with calls: ${dialect.name}`, async (t) => {
      const { provider, bodies, model } = await start(t, dialect, [
        { text: 'I look.', calls: [weather('Köln'), weather('Oslo')] }, { text: 'Both are fine.' },
        { calls: [weather('Rom')] }, { text: 'Fine, too.' },
      ]);
      const messages = [{ role: 'user', content: 'Köln and Oslo?' }];
      const options = { model, tools, messages, stopWhen: isStepCount(3) };
      const first = await ask(options);
      assert.equal(first.text.endsWith('Both are fine.'), true);
      assert.deepEqual([first.usage.inputTokens, first.usage.outputTokens], [200, 40]);
      messages.push(...first.messages, { role: 'user', content: 'And Rom?' });
      const second = await ask(options);
      assert.equal(second.text.endsWith('Fine, too.'), true);
      provider.assertWellAsked();
      assert.ok(references(bodies.at(-1)) >= 2, 'the SDK refers to items');
      assert.deepEqual(provider.last.conversation.map(({ role, text, calls }) => text || `${role} calls ${calls.length}`), [
        'Köln and Oslo?', 'I look.', 'sun over Köln', 'sun over Oslo', 'Both are fine.',
        'And Rom?', 'assistant calls 1', 'sun over Rom',
      ]);
    });

    test(`${name}: thoughts go back to who had them: ${dialect.name}`, async (t) => {
      const { provider, model } = await start(t, dialect, [
        { thinking: 'A city.', calls: [weather('Köln')] }, { thinking: 'Sun.', text: 'It is fine.' }, { text: 'Yes.' },
      ]);
      const messages = [{ role: 'user', content: 'Köln?' }];
      const options = { model, tools, messages, stopWhen: isStepCount(3), reasoning: 'high' };
      const first = await ask(options);
      messages.push(...first.messages, { role: 'user', content: 'Sure?' });
      assert.equal((await ask(options)).text, 'Yes.');
      provider.assertWellAsked();
      assert.deepEqual(provider.last.conversation.map(({ thinking }) => thinking).filter(Boolean), ['A city.', 'Sun.']);
    });
  }

  test(`an object by a schema: ${dialect.name}`, async (t) => {
    const { provider, model } = await start(t, dialect, [{ text: '{"city":"Köln","degrees":3}' }]);
    const schema = z.object({ city: z.string(), degrees: z.number() });
    const { output } = await generateText({ model, output: Output.object({ schema }), prompt: 'Köln?', maxRetries: 0 });
    assert.deepEqual(output, { city: 'Köln', degrees: 3 });
    provider.assertWellAsked();
    assert.deepEqual(Object.keys(dialect.schema(provider.last.body).properties), ['city', 'degrees']);
  });

  test(`an item that nobody has made: ${dialect.name}`, async (t) => {
    const { provider, server } = await start(t, dialect, []);
    const response = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: kAlias, input: [{ type: 'item_reference', id: `msg_${'0'.repeat(36)}` }] }),
    });
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.deepEqual([error.code, error.param], ['item_not_found', 'input[0].id']);
    assert.deepEqual([provider.requests.length, provider.refused.length], [0, 0]);
  });
}
