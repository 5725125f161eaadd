// The official SDK on providers that keep no responses: rp-server keeps them, one or several of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import OpenAI from 'openai';

import { postgresUrl } from './cluster.mjs';
import { eventually, Server } from './harness.mjs';

const kModel = 'team/chat';
const kCounted = 'team/claude';

// Speaks Chat Completions: says what it was told last, word by word. "wait" is answered when
// release() is called, "pause" in a stream goes on behind its first word then. Counts tokens as
// Anthropic does.
class ChatProvider {
  requests = [];
  #waiting = [];

  static async start(t) {
    const provider = new ChatProvider();
    const server = createServer((request, response) => provider.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.closeAllConnections() ?? server.close());
    provider.baseUrl = `http://127.0.0.1:${server.address().port}/v1`;
    return provider;
  }

  release() {
    for (const go of this.#waiting.splice(0)) go();
  }

  async #serve(request, response) {
    let text = '';
    for await (const bytes of request) text += bytes;
    const body = JSON.parse(text);
    this.requests.push({ path: request.url, body });
    if (request.url.endsWith('/count_tokens')) {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ input_tokens: 42 }));
    }
    const last = body.messages.at(-1).content;
    const words = `You said: ${last}`.split(/(?= )/);
    const released = () => new Promise((go) => this.#waiting.push(go));
    if (last === 'wait') await released();
    const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
    if (!body.stream) {
      response.setHeader('content-type', 'application/json');
      const message = { role: 'assistant', content: words.join('') };
      return response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage }));
    }
    response.setHeader('content-type', 'text/event-stream');
    const write = (chunk) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    for (const content of words) {
      write({ choices: [{ index: 0, delta: { content } }] });
      if (last === 'pause' && content === words[0]) await released();
    }
    write({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    write({ choices: [], usage });
    return response.end('data: [DONE]\n\n');
  }
}

async function serve(t, env = {}) {
  const server = await Server.start({
    keys: [],
    env: { PROXY_SECRET_ENCRYPTION_KEY: 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=', ...env },
  });
  t.after(() => server.stop());
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk-of-the-client', maxRetries: 0 });
  return { server, client };
}

async function register(server, provider) {
  const post = async (path, body) => {
    const response = await fetch(`${server.url}/admin/${path}`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(response.status, 201, await response.text());
  };
  const base = { base_url: provider.baseUrl, api_key: 'key-of-the-provider' };
  await post('providers', { id: 'chat', wire_api: 'chat_completions', ...base });
  await post('providers', { id: 'claude', wire_api: 'anthropic_messages', ...base });
  await post('models', { alias: kModel, provider_id: 'chat', upstream_id: 'm' });
  await post('models', { alias: kCounted, provider_id: 'claude', upstream_id: 'claude-opus-4-7' });
}

async function start(t) {
  const provider = await ChatProvider.start(t);
  const { server, client } = await serve(t);
  await register(server, provider);
  return { provider, server, client };
}

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

test('retrieve, also as a stream from any event, input items, delete', async (t) => {
  const { provider, client } = await start(t);
  const first = await client.responses.create({ model: kModel, input: 'one' });
  assert.equal(first.output_text, 'You said: one');
  const events = await all(await client.responses.create({
    model: kModel, input: 'two', previous_response_id: first.id, stream: true,
  }));
  const { id } = events.at(-1).response;
  const read = await client.responses.retrieve(id);
  assert.equal(read.output_text, 'You said: two');
  assert.equal(read.model, kModel);
  assert.deepEqual(JSON.parse(JSON.stringify(read.output)), events.at(-1).response.output);

  const again = await all(await client.responses.retrieve(id, { stream: true }));
  assert.deepEqual(again, events);
  const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: 5 }));
  assert.deepEqual(rest, events.slice(6));

  const items = [];
  for await (const item of client.responses.inputItems.list(id, { order: 'asc', limit: 1 })) items.push(item);
  assert.deepEqual(items.map((item) => [item.role, item.content[0].text]),
    [['user', 'one'], ['assistant', 'You said: one'], ['user', 'two']]);
  assert.equal(items[1].id, first.output[0].id);
  assert.ok(items.every((item) => item.id.startsWith('msg_')));

  await client.responses.delete(id);
  const gone = await client.responses.retrieve(id).then(assert.fail, (reason) => reason);
  assert.equal(gone.constructor, OpenAI.NotFoundError);
  assert.match(gone.message, new RegExp(`Response with id '${id}' not found\\.`));
  assert.equal((await client.responses.retrieve(first.id)).id, first.id);
  assert.equal(provider.requests.length, 2, 'the provider was asked for answers alone');
});

test('background: polled to its end, cancelled, counted once', async (t) => {
  const { provider, server, client } = await start(t);
  const queued = await client.responses.create({ model: kModel, input: 'wait', background: true });
  assert.equal(queued.status, 'queued');
  assert.equal((await client.responses.retrieve(queued.id)).status, 'in_progress');
  await eventually('the provider to be asked', () => provider.requests.length === 1);
  provider.release();
  const done = await eventually('the end', async () => {
    const read = await client.responses.retrieve(queued.id);
    return read.status === 'completed' && read;
  });
  assert.equal(done.output_text, 'You said: wait');
  await client.responses.retrieve(queued.id);

  const other = await client.responses.create({ model: kModel, input: 'wait', background: true });
  assert.equal((await client.responses.cancel(other.id)).status, 'cancelled');
  provider.release();
  assert.equal((await client.responses.retrieve(other.id)).status, 'cancelled');
  await eventually('both records', async () => {
    const rows = (await server.allRows()).filter((row) => row.path === '/v1/responses');
    return rows.length === 2 && rows.some((row) => row.total_tokens === 13);
  });
  const counted = (await server.allRows()).map((row) => row.total_tokens ?? 0);
  assert.equal(counted.reduce((sum, tokens) => sum + tokens, 0), 13);
});

test('a background stream goes on without its client', async (t) => {
  const { provider, client } = await start(t);
  const stream = await client.responses.create({
    model: kModel, input: 'pause', background: true, stream: true,
  });
  let id;
  for await (const event of stream) {
    id ??= event.response?.id;
    if (event.type === 'response.output_text.delta') break; // leaves
  }
  assert.equal((await client.responses.retrieve(id)).status, 'in_progress');
  provider.release();
  await eventually('the end', async () => (await client.responses.retrieve(id)).status === 'completed');
  const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: 1 }));
  assert.deepEqual(rest.map((event) => event.sequence_number), rest.map((_, index) => index + 2));
  assert.equal(rest.at(-1).response.output[0].content[0].text, 'You said: pause');
});

test('tokens are counted by Anthropic; elsewhere that is refused', async (t) => {
  const { provider, client } = await start(t);
  const counted = await client.responses.inputTokens.count({ model: kCounted, input: 'hi' });
  assert.deepEqual([counted.object, counted.input_tokens], ['response.input_tokens', 42]);
  assert.equal(provider.requests[0].path, '/v1/messages/count_tokens');
  const refused = await client.responses.inputTokens.count({ model: kModel, input: 'hi' })
    .then(assert.fail, (reason) => reason);
  assert.equal(refused.status, 501);
  assert.match(refused.message, /no endpoint that counts/);
});

test('what one replica has made another continues, reads, cancels and forgets', async (t) => {
  const database = await postgresUrl(t);
  const provider = await ChatProvider.start(t);
  const env = { PROXY_DATABASE_URL: database, PROXY_ROUTING_REFRESH_INTERVAL_SECONDS: '1' };
  const replicas = [await serve(t, env)];
  await register(replicas[0].server, provider);
  replicas.push(await serve(t, env));
  const [here, there] = replicas.map(({ client }) => client);
  let previous;
  for (let turn = 0; turn < 12; ++turn) {
    // Goes on as soon as the end has been seen.
    const stream = await replicas[turn % 2].client.responses.create({
      model: kModel, input: `turn ${turn}`, stream: true, ...(previous && { previous_response_id: previous }),
    });
    for await (const event of stream) {
      if (event.type === 'response.completed') previous = event.response.id;
    }
    assert.equal(provider.requests.at(-1).body.messages.length, 2 * turn + 1);
  }
  assert.equal((await here.responses.retrieve(previous)).output_text, 'You said: turn 11');
  assert.equal((await there.responses.retrieve(previous)).output_text, 'You said: turn 11');

  const queued = await here.responses.create({ model: kModel, input: 'wait', background: true });
  assert.equal((await there.responses.retrieve(queued.id)).status, 'in_progress');
  assert.equal((await there.responses.cancel(queued.id)).status, 'cancelled');
  await eventually('its maker to hear of it', async () => {
    const rows = (await replicas[0].server.allRows()).filter((row) => row.error === 'cancelled');
    return rows.length === 1;
  });
  assert.equal((await here.responses.retrieve(queued.id)).status, 'cancelled');

  await there.responses.delete(previous);
  await assert.rejects(here.responses.retrieve(previous), OpenAI.NotFoundError);
});

test('a conversation: begun, added to, listed, changed, deleted', async (t) => {
  const { provider, client } = await start(t);
  const { conversations } = client;
  const begun = await conversations.create({
    metadata: { topic: 'demo' }, items: [{ type: 'message', role: 'user', content: 'I am Ada' }],
  });
  assert.deepEqual(await conversations.retrieve(begun.id), begun);
  const first = await client.responses.create({ model: kModel, input: 'one', conversation: begun.id });
  assert.deepEqual(first.conversation, { id: begun.id });
  for await (const event of await client.responses.create({
    model: kModel, input: 'two', conversation: { id: begun.id }, stream: true,
  })) assert.notEqual(event.type, 'response.failed');
  assert.deepEqual(provider.requests.at(-1).body.messages.map(({ role, content }) => [role, content]),
    [['user', 'I am Ada'], ['user', 'one'], ['assistant', 'You said: one'], ['user', 'two']]);

  const added = await conversations.items.create(begun.id, {
    items: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'three' }] }],
  });
  assert.equal(added.data.length, 1);
  const items = [];
  for await (const item of conversations.items.list(begun.id, { order: 'asc', limit: 2 })) items.push(item);
  assert.deepEqual(items.map((item) => item.content[0].text),
    ['I am Ada', 'one', 'You said: one', 'two', 'You said: two', 'three']);
  assert.equal(items[2].id, first.output[0].id);
  const last = items.at(-1).id;
  assert.equal((await conversations.items.retrieve(last, { conversation_id: begun.id })).content[0].text, 'three');
  assert.equal((await conversations.items.delete(last, { conversation_id: begun.id })).id, begun.id);
  await assert.rejects(conversations.items.retrieve(last, { conversation_id: begun.id }), OpenAI.NotFoundError);

  assert.deepEqual((await conversations.update(begun.id, { metadata: { a: 'b' } })).metadata, { a: 'b' });
  assert.deepEqual(await conversations.delete(begun.id),
    { id: begun.id, object: 'conversation.deleted', deleted: true });
  await assert.rejects(conversations.retrieve(begun.id), OpenAI.NotFoundError);
  await assert.rejects(client.responses.create({ model: kModel, input: 'x', conversation: begun.id }),
    OpenAI.NotFoundError);
  assert.equal(provider.requests.length, 2, 'the provider was asked for answers alone');
});

for (const kind of ['PostgreSQL', 'SQLite']) {
  test(`a conversation goes on at whichever replica, over ${kind}`, async (t) => {
    const database = kind === 'SQLite' ? undefined : await postgresUrl(t);
    const provider = await ChatProvider.start(t);
    const first = await serve(t, database && { PROXY_DATABASE_URL: database });
    await register(first.server, provider);
    const second = await serve(t, { PROXY_DATABASE_URL: database ?? `sqlite:///${first.server.folder}/proxy.sqlite3` });
    const clients = [first.client, second.client];
    const { id } = await first.client.conversations.create();
    for (let turn = 0; turn < 6; ++turn) {
      await clients[(turn + 1) % 2].responses.create({ model: kModel, input: `turn ${turn}`, conversation: id });
      assert.equal(provider.requests.at(-1).body.messages.length, 2 * turn + 1);
    }
    // At once, on both.
    await Promise.all([0, 1, 2, 3].map((one) => clients[one % 2].responses.create({
      model: kModel, input: `at once ${one}`, conversation: id,
    })));
    for (const client of clients) {
      const texts = [];
      for await (const item of client.conversations.items.list(id, { order: 'asc', limit: 100 })) {
        texts.push(item.content[0].text);
      }
      assert.equal(texts.length, 20);
      for (let one = 0; one < 4; ++one) {
        assert.equal(texts[texts.indexOf(`at once ${one}`) + 1], `You said: at once ${one}`);
      }
    }
    await second.client.conversations.delete(id);
    await assert.rejects(first.client.conversations.retrieve(id), OpenAI.NotFoundError);
  });
}
