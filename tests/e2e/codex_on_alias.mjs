// The real Codex CLI on a model of a provider that does not speak the Responses API: everything a
// session consists of, over HTTP and over WebSocket.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { codexExec, codexHome, CodexThread, itemsOf, kConfig } from './codex_cli.mjs';
import { kAlias, startTranslated } from './scripted_provider.mjs';

// What docs/codex.md tells to write, with this server in place of that one.
// `alias`: one that Codex describes itself; else it is told by the catalog.
function documentedSetUp(server, sockets, home, alias) {
  const page = readFileSync(new URL('../../docs/codex.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## Models of other providers'));
  const [, catalog] = section.match(/```json\n([^]*?)```/);
  const [, config] = section.match(/```toml\n([^]*?)```/);
  const path = join(home, 'models.json');
  writeFileSync(path, catalog.replaceAll('kimi/k2', kAlias));
  return config
    .replace('http://127.0.0.1:8000/v1', server.baseUrl)
    .replace('RESPONSES_PROXY_KEY', 'CODEX_TEST_KEY')
    .replace(/^model = .*/m, `model = "${alias ?? kAlias}"`)
    .replace(/^model_catalog_json = .*/m, alias ? '' : `model_catalog_json = "${path}"`)
    .replace('supports_websockets = true', `supports_websockets = ${sockets}`);
}

const notes = `
[mcp_servers.notes]
command = "${process.execPath}"
args = ["${new URL('./codex/notes_server.mjs', import.meta.url).pathname}"]
`;

// before, after: what else stands in config.toml, in front of the tables and behind them.
export async function start(t, dialect, sockets, script, { before = '', after = '', ...options } = {}) {
  const pair = await startTranslated(t, dialect, script, options);
  const home = codexHome(t, '');
  const documented = documentedSetUp(pair.server, sockets, home, options.alias);
  const general = kConfig.slice(0, kConfig.indexOf('[')) + before;
  const tables = kConfig.slice(kConfig.indexOf('[')) + after;
  writeFileSync(join(home, 'config.toml'), general + documented + tables);
  const run = async (...args) => {
    const { code, events, output } = await codexExec(home, args);
    pair.provider.assertWellAsked();
    assert.equal(code, 0, output);
    assert.deepEqual(itemsOf(events, 'error'), []);
    return events;
  };
  return { ...pair, home, run };
}

// Codex finds its model of that name behind the namespace.
const kLiteAlias = 'house/gpt-6.2-sol';

const shell = (cmd) => ({ name: 'exec_command', arguments: { cmd } });
const saidIn = (events) => itemsOf(events, 'agent_message').map(({ text }) => text);
const last = (conversation, role) => conversation.findLast((entry) => entry.role === role);
const roles = (conversation) => conversation.map(({ role }) => role);

// Each request begins as the one before it did, so that the provider's cache finds it.
function assertGrows({ dialect, requests }) {
  for (let i = 1; i < requests.length; ++i) {
    const before = dialect.beginning(requests[i - 1].text);
    const now = dialect.beginning(requests[i].text);
    assert.ok(now.startsWith(before), `request ${i + 1} does not begin as the one before it`);
  }
}

export function sessionsOn(dialect) {
  for (const sockets of [false, true]) {
    const over = `over ${sockets ? 'WebSocket' : 'HTTP'}`;
    const on = (t, script, options) => start(t, dialect, sockets, script, options);

    test(`a plain turn ${over}`, async (t) => {
      const { provider, server, run } = await on(t, [{ thinking: 'Somebody greets me.', text: 'Hello Codex.' }]);
      const events = await run('Say hello.');
      assert.deepEqual(saidIn(events), ['Hello Codex.']);
      const { usage } = events.find(({ type }) => type === 'turn.completed');
      assert.deepEqual([usage.input_tokens, usage.cached_input_tokens, usage.output_tokens], [100, 40, 20]);
      assert.equal(provider.requests.length, 1);
      const { conversation, body } = provider.last;
      assert.equal(body.model, dialect.model);
      assert.equal(body.stream, true);
      assert.equal(conversation[0].role, 'system');
      assert.match(conversation[0].text, /^You are a coding agent/);
      assert.match(last(conversation, 'user').text, /Say hello\.$/);
      const rows = (await server.rows(sockets ? 2 : 1)).filter(({ total_tokens: total }) => total > 0);
      assert.deepEqual(rows.map((row) => [row.status_code, row.model_alias, row.total_tokens]), [[200, kAlias, 120]]);
    });

    test(`the shell ${over}`, async (t) => {
      const thinking = 'That can be computed.';
      const { provider, run } = await on(t, [
        { thinking, text: 'Let me see.', calls: [shell('echo the answer is $((6*7))')] },
        { text: 'It is 42.' },
      ]);
      const events = await run('What is six times seven?');
      const [command] = itemsOf(events, 'command_execution');
      assert.equal(command.exit_code, 0);
      assert.match(command.aggregated_output, /the answer is 42/);
      assert.deepEqual(saidIn(events), ['Let me see.', 'It is 42.']);
      const { conversation } = provider.last;
      assert.deepEqual(roles(conversation).slice(-3), ['user', 'assistant', 'tool']);
      const called = last(conversation, 'assistant');
      assert.deepEqual([called.thinking, called.text], [thinking, 'Let me see.']);
      assert.deepEqual(called.calls[0].arguments, shell('echo the answer is $((6*7))').arguments);
      assert.equal(last(conversation, 'tool').id, called.calls[0].id);
      assert.match(last(conversation, 'tool').text, /the answer is 42/);
      assertGrows(provider);
    });

    test(`a patch ${over}`, async (t) => {
      const input = [
        '*** Begin Patch', '*** Add File: list.txt', '+eggs "and" bacon\\', '+grüße', '*** Update File: poem.txt', '@@',
        ' Roses are red', '-violets are red', '+violets are blue', '*** End Patch',
      ].join('\n');
      const { provider, home, run } = await on(t, [
        { calls: [{ name: 'apply_patch', arguments: { input } }] }, { text: 'Done.' },
      ]);
      writeFileSync(join(home, 'poem.txt'), 'Roses are red\nviolets are red\n');
      const events = await run('Correct the poem.');
      assert.deepEqual(saidIn(events), ['Done.']);
      assert.equal(readFileSync(join(home, 'poem.txt'), 'utf8'), 'Roses are red\nviolets are blue\n');
      assert.equal(readFileSync(join(home, 'list.txt'), 'utf8'), 'eggs "and" bacon\\\ngrüße\n');
      const [change] = itemsOf(events, 'file_change');
      assert.deepEqual(change.changes.map(({ kind }) => kind).sort(), ['add', 'update']);
      const { conversation } = provider.last;
      const [call] = last(conversation, 'assistant').calls;
      assert.deepEqual([call.name, call.arguments], ['apply_patch', { input }]);
      assert.match(last(conversation, 'tool').text, /Success/);
    });

    test(`the tool of an MCP server ${over}`, async (t) => {
      const call = { name: 'mcp__notes__add', arguments: { text: 'Buy milk.' } };
      const { provider, run } = await on(t, [{ calls: [call] }, { text: 'Noted.' }], { after: notes });
      const events = await run('Note that I need milk.');
      assert.deepEqual(saidIn(events), ['Noted.']);
      const [called] = itemsOf(events, 'mcp_tool_call');
      assert.deepEqual([called.server, called.tool, called.status], ['notes', 'add', 'completed']);
      assert.ok(provider.last.tools.includes('mcp__notes__count'));
      const { conversation } = provider.last;
      assert.deepEqual(last(conversation, 'assistant').calls.map(({ name }) => name), ['mcp__notes__add']);
      assert.match(last(conversation, 'tool').text, /1 notes, the last one: Buy milk\./);
    });

    test(`calls at the same time ${over}`, async (t) => {
      const commands = ['one', 'two', 'three'].map((word) => shell(`echo ${word} > ${word}.txt; cat ${word}.txt`));
      const { provider, run } = await on(t, [{ calls: commands }, { text: 'All of it.' }], { after: notes });
      const events = await run('Do three things.');
      assert.equal(itemsOf(events, 'command_execution').length, 3);
      assert.deepEqual(saidIn(events), ['All of it.']);
      const { conversation } = provider.last;
      assert.deepEqual(roles(conversation).slice(-4), ['assistant', 'tool', 'tool', 'tool']);
      const { calls } = last(conversation, 'assistant');
      const outputs = conversation.slice(-3);
      assert.deepEqual(outputs.map(({ id }) => id), calls.map(({ id }) => id));
      outputs.forEach(({ text }, i) => assert.match(text, new RegExp(`${['one', 'two', 'three'][i]}\n?$`)));
    });

    test(`three turns with calls ${over}`, async (t) => {
      const { provider, home } = await on(t, [
        { thinking: 'First.', calls: [shell('echo 1')] }, { text: 'One.' },
        { thinking: 'Second.', text: 'Hm.', calls: [shell('echo 2'), shell('echo 3')] },
        { thinking: 'Third.', calls: [shell('echo 4')] }, { thinking: 'Enough.', text: 'Two.' },
        { text: 'Three.' },
      ]);
      const thread = await CodexThread.startIn(t, home);
      assert.equal(await thread.ask('One?'), 'One.');
      assert.equal(await thread.ask('Two?'), 'Two.');
      assert.equal(await thread.ask('Three?'), 'Three.');
      provider.assertWellAsked();
      assertGrows(provider);
      const { conversation } = provider.last;
      const shape = conversation.map(({ role, text, calls }) =>
        role === 'assistant' ? text || `${calls.length} calls` : role);
      assert.deepEqual(shape.slice(shape.indexOf('1 calls')), [
        '1 calls', 'tool', 'One.', 'user', 'Hm.', 'tool', 'tool', '1 calls', 'tool', 'Two.', 'user',
      ]);
    });

    test(`a session that is resumed ${over}`, async (t) => {
      const { provider, run } = await on(t, [
        { thinking: 'Remember.', calls: [shell('echo seen')] }, { text: 'The word is fish.' }, { text: 'Fish.' },
      ]);
      await run('Remember a word.');
      const events = await run('resume', '--last', 'Which word?');
      assert.deepEqual(saidIn(events), ['Fish.']);
      assert.equal(provider.requests.length, 3);
      const { conversation } = provider.last;
      assert.match(last(conversation, 'user').text, /Which word\?$/);
      assert.equal(last(conversation, 'assistant').text, 'The word is fish.');
      assert.match(last(conversation, 'tool').text, /seen/);
    });

    test(`an answer by a schema ${over}`, async (t) => {
      const { provider, home, run } = await on(t, [{ text: '{"word":"fish"}' }]);
      const schema = {
        type: 'object', properties: { word: { type: 'string' } }, required: ['word'], additionalProperties: false,
      };
      writeFileSync(join(home, 'schema.json'), JSON.stringify(schema));
      const events = await run('--output-schema', 'schema.json', 'Say a word.');
      assert.deepEqual(saidIn(events), ['{"word":"fish"}']);
      assert.deepEqual(dialect.schema(provider.last.body), schema);
    });

    // Models that Codex knows as its own newest ones: tools stand in the input, most of them in the
    // description of one that runs code.
    test(`a model that Codex asks in its short form ${over}`, async (t) => {
      const code = 'const r = await tools.exec_command({cmd:"echo the answer is $((6*7))"}); text(r.output);';
      const { provider, home } = await on(t, [
        { thinking: 'That can be computed.', calls: [{ name: 'functions__exec', arguments: { input: code } }] },
        { text: 'It is 42.' }, { text: 'Sure.' },
      ], { alias: kLiteAlias });
      const thread = await CodexThread.startIn(t, home);
      assert.equal(await thread.ask('What is six times seven?'), 'It is 42.');
      assert.equal(await thread.ask('Sure?'), 'Sure.');
      provider.assertWellAsked();
      assertGrows(provider);
      assert.equal(provider.requests.length, 3);
      const { conversation, tools } = provider.last;
      assert.ok(tools.includes('functions__exec') && tools.includes('functions__wait'), tools.join());
      const [call] = conversation.find(({ calls }) => calls?.length).calls;
      assert.deepEqual([call.name, call.arguments], ['functions__exec', { input: code }]);
      assert.match(last(conversation, 'tool').text, /the answer is 42/);
    });

    test(`a summary by Codex itself, when the context is full ${over}`, async (t) => {
      const full = { input: 190_000, output: 20_000, cached: 0 };
      const { provider, home } = await on(t, [
        { calls: [shell('echo seen')] }, { text: 'The word is fish.', usage: full },
        { text: 'They look for a word: fish.' }, { text: 'Fish.' },
      ]);
      const thread = await CodexThread.startIn(t, home);
      assert.equal(await thread.ask('Remember a word.'), 'The word is fish.');
      assert.equal(await thread.ask('Which word?'), 'Fish.');
      provider.assertWellAsked();
      const [, , summary, next] = provider.requests.map(({ conversation }) => conversation);
      assert.match(last(summary, 'tool').text, /seen/);
      assert.ok(next.length < summary.length);
      assert.ok(next.some(({ role, text }) => role === 'user' && text.includes('They look for a word: fish.')));
      assert.match(last(next, 'user').text, /Which word\?$/);
    });
  }

  test('a provider that is full: Codex is told that its context is', async (t) => {
    const { provider, home } = await start(t, dialect, false, [dialect.tooLong]);
    const { code, events, output } = await codexExec(home, ['Say hello.']);
    provider.assertWellAsked();
    assert.equal(code, 1, output);
    assert.equal(provider.requests.length, 1);
    const errors = events.filter(({ type }) => type === 'error').map(({ message }) => message);
    assert.match(errors.join('\n'), /ran out of room/);
  });
}
