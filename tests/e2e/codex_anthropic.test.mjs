// The real Codex CLI on a provider that speaks Anthropic's Messages API.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anthropic } from './anthropic_provider.mjs';
import { sessionsOn, start } from './codex_on_alias.mjs';

sessionsOn(anthropic);

test('a model of the generation that thinks by budget', async (t) => {
  const call = { name: 'exec_command', arguments: { cmd: 'echo seen' } };
  const { provider, run } = await start(t, anthropic, false, [
    { thinking: 'I look.', calls: [call] }, { thinking: 'Once more.', calls: [call, call] }, { text: 'Done.' },
  ], { model: 'claude-opus-4-5' });
  await run('Look.');
  assert.equal(provider.requests.length, 3);
  for (const { body } of provider.requests) {
    assert.equal(body.thinking.type, 'enabled');
    assert.ok(body.max_tokens > body.thinking.budget_tokens);
  }
  const thoughts = provider.last.conversation.map(({ thinking }) => thinking).filter(Boolean);
  assert.deepEqual(thoughts, ['I look.', 'Once more.']);
});
