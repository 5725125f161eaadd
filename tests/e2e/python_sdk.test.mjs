// The official SDK for Python on models of providers that do not speak the Responses API.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anthropic } from './anthropic_provider.mjs';
import { chat } from './chat_provider.mjs';
import { Child, withDeadline } from './harness.mjs';
import { kAlias, startTranslated } from './scripted_provider.mjs';

const weather = (city) => ({ name: 'weather', arguments: { city } });
const answer = { text: '{"city":"Köln","degrees":[3,7.5]}' };

// The case of python/client.py: what the provider answers.
const kCases = {
  create: [{ thinking: 'A greeting.', text: 'Hello.' }],
  stream: [{ thinking: 'A city.', text: 'I look: ☀?', calls: [weather('Köln')] }],
  parse: [answer, answer],
  parse_call: [{ calls: [weather('Köln')] }],
  loop: [
    { thinking: 'Two.', text: 'I look.', calls: [weather('Köln'), weather('Oslo')] }, { calls: [weather('Rom')] },
    { text: 'All fine.' },
  ],
  continued: [{ thinking: 'One.', calls: [weather('Köln')] }, { text: 'Fine.' }],
  incomplete: [{ text: 'Half', stop: 'length' }],
};
const kErrors = [
  [400, 'BadRequestError'], [401, 'AuthenticationError'], [429, 'RateLimitError'], [500, 'InternalServerError'],
];

// The provider, when the case has gone well.
async function run(t, dialect, script, ...args) {
  const { provider, server } = await startTranslated(t, dialect, script);
  const [name, ...more] = args;
  const program = new URL('./python/client.py', import.meta.url).pathname;
  const child = new Child(process.env.PYTHON, [program, name, server.baseUrl, kAlias, ...more],
    { env: { PYTHONIOENCODING: 'utf-8' } });
  while ((await child.line()) !== undefined);
  assert.equal(await withDeadline(child.exited, 'python'), 0, child.output);
  provider.assertWellAsked();
  assert.equal(provider.script.length, 0, 'answers that nobody has asked for');
  return provider;
}

for (const dialect of [chat, anthropic]) {
  for (const [name, script] of Object.entries(kCases)) {
    test(`${name}: ${dialect.name}`, async (t) => {
      const { last } = await run(t, dialect, script, name);
      if (name === 'loop') {
        assert.deepEqual(last.conversation.map(({ role, thinking, text }) => [role, thinking ?? '', text]), [
          ['user', '', 'Köln and Oslo?'],
          ['assistant', 'Two.', 'I look.'], ['tool', '', 'sun over Köln'], ['tool', '', 'sun over Oslo'],
          ['assistant', '', ''], ['tool', '', 'sun over Rom'],
        ]);
      }
      if (name === 'parse') assert.deepEqual(Object.keys(dialect.schema(last.body).properties), ['city', 'degrees']);
    });
  }

  for (const breaks of ['error', 'cut']) {
    test(`a stream that ends in ${breaks}: ${dialect.name}`, (t) =>
      run(t, dialect, [{ text: 'Half', breaks }], 'broken'));
  }

  for (const [status, name] of kErrors) {
    test(`${status} is a ${name}: ${dialect.name}`, (t) =>
      run(t, dialect, [{ error: { status, message: 'Because of the moon.' } }], 'error', name, `${status}`));
  }
}
