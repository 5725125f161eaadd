// The real Codex CLI has the proxy sum up a conversation, on providers that know nothing of that.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anthropic } from './anthropic_provider.mjs';
import { chat } from './chat_provider.mjs';
import { CodexThread } from './codex_cli.mjs';
import { start } from './codex_on_alias.mjs';

const capabilities = `
[model_providers.responses_proxy.capabilities]
remote_compaction = "v2"
`;
const kFull = { input: 190_000, output: 20_000, cached: 0 };
const kSummary = 'They look for a word: fish.';
const kCall = { name: 'exec_command', arguments: { cmd: 'echo seen' } };

const last = (conversation, role) => conversation.findLast((entry) => entry.role === role);

// What was asked: the whole conversation, to be summed up without calling anything.
function assertSummaryAsked({ conversation, body }) {
  assert.match(last(conversation, 'tool').text, /seen/);
  assert.ok(conversation.some(({ text }) => text.includes('The word is fish.')));
  assert.ok(!body.tool_choice || JSON.stringify(body.tool_choice).includes('none'), 'it may call tools');
}

// What comes after it: the summary in place of what it sums up.
function assertGoesOnFrom(summary, { conversation }, question) {
  assert.ok(conversation.some(({ text }) => text.includes(summary)), 'the summary is not there');
  assert.equal(last(conversation, 'tool'), undefined);
  assert.match(last(conversation, 'user').text, new RegExp(`${question}$`));
}

for (const dialect of [chat, anthropic]) {
  for (const sockets of [false, true]) {
    const how = `${dialect.name}, over ${sockets ? 'WebSocket' : 'HTTP'}`;

    test(`a full context is summed up before the next turn: ${how}`, async (t) => {
      const { provider, server, home } = await start(t, dialect, sockets, [
        { calls: [kCall] }, { text: 'The word is fish.', usage: kFull },
        { text: kSummary }, { text: 'Fish.' }, { text: 'Still fish.' },
      ], { after: capabilities });
      const thread = await CodexThread.startIn(t, home);
      assert.equal(await thread.ask('Remember a word.'), 'The word is fish.');
      assert.equal(await thread.ask('Which word?'), 'Fish.');
      assert.equal(await thread.ask('And now?'), 'Still fish.');
      provider.assertWellAsked();
      assert.equal(provider.requests.length, 5);
      assertSummaryAsked(provider.requests[2]);
      assertGoesOnFrom(kSummary, provider.requests[3], 'Which word\\?');
      assertGoesOnFrom(kSummary, provider.requests[4], 'And now\\?');
      const rows = await server.rows(5);
      assert.ok(rows.every(({ status_code: status }) => status === 200));
    });

    test(`a summary that is asked for: ${how}`, async (t) => {
      const { provider, home } = await start(t, dialect, sockets, [
        { calls: [kCall] }, { text: 'The word is fish.' }, { text: kSummary }, { text: 'Fish.' },
      ], { after: capabilities });
      const thread = await CodexThread.startIn(t, home);
      assert.equal(await thread.ask('Remember a word.'), 'The word is fish.');
      await thread.request('thread/compact/start', { threadId: thread.id });
      await thread.next(({ method }) => method === 'turn/completed');
      assert.equal(await thread.ask('Which word?'), 'Fish.');
      provider.assertWellAsked();
      assert.equal(provider.requests.length, 4);
      assertSummaryAsked(provider.requests[2]);
      assertGoesOnFrom(kSummary, provider.requests[3], 'Which word\\?');
    });
  }
}
