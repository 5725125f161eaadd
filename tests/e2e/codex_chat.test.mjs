// The real Codex CLI on a provider that speaks Chat Completions, as Kimi does.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat } from './chat_provider.mjs';
import { sessionsOn, start } from './codex_on_alias.mjs';

sessionsOn(chat);

test('thoughts come back beside every call, and where nothing was thought, too', async (t) => {
  const call = { name: 'exec_command', arguments: { cmd: 'echo seen' } };
  const options = { model: 'deepseek-chat', config: { preset: 'deepseek' }, reasoning: 'required' };
  const { provider, run } = await start(t, chat, false, [
    { thinking: 'I look.', calls: [call] }, { calls: [call, call] }, { text: 'Done.' },
  ], options);
  await run('Look.');
  assert.equal(provider.requests.length, 3);
  const sent = provider.last.body.messages.filter(({ role }) => role === 'assistant');
  assert.deepEqual(sent.map((message) => message.reasoning_content), ['I look.', '']);
});
