// A provider of another wire format than the Responses API, which plays a script. What it is asked it
// reads as strictly as the real ones do: a request that does not have the right form is a 400 with the
// member's name, and stands in `refused`.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { Server } from './harness.mjs';

// A member of a request that is not as it has to be, in the provider's words.
export class Refusal extends Error {
  constructor(param, message) {
    super(message);
    this.param = param;
  }
}

// Throws a Refusal unless `holds`.
export function demand(holds, param, message) {
  if (!holds) throw new Refusal(param, message);
}

// No member but those that the provider knows.
export function demandKnown(object, known, at, words) {
  for (const name of Object.keys(object)) demand(known.has(name), at + name, words(name));
}

// In pieces of a few characters, as models speak.
export function pieces(text, size = 9) {
  const characters = [...text];
  const count = Math.ceil(characters.length / size);
  return Array.from({ length: count }, (_, i) => characters.slice(i * size, (i + 1) * size).join(''));
}

async function bodyOf(request) {
  let text = '';
  for await (const bytes of request.setEncoding('utf8')) text += bytes;
  return text;
}

export class ScriptedProvider {
  // dialect: `chat` or `anthropic`. script: the answers, in order. One is
  //   { thinking, text, calls: [{ name, arguments, id }], usage: { input, output, cached },
  //     stop: 'length' | 'filter', breaks: 'error' | 'cut' (a stream, behind its text) }
  //   { error: { status, type, code, message }, headers }
  //   a function of { body, conversation, tools } that returns one of these
  // options: what kind of provider it is; see the dialect.
  static async start(dialect, script = [], options = {}) {
    const provider = new this();
    provider.dialect = dialect;
    provider.script = [...script];
    provider.options = options;
    provider.requests = []; // { body, headers, conversation, tools }
    provider.refused = []; // { param, message, body }
    provider.issued = new Map(); // signature -> what was thought
    provider.numbers = { answer: 0, call: 0 };
    provider.server = createServer((request, response) => provider.#serve(request, response));
    await new Promise((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.server.address().port}/v1`;
  }
  get last() {
    return this.requests.at(-1);
  }
  play(...answers) {
    this.script.push(...answers);
  }

  async #serve(request, response) {
    const text = await bodyOf(request);
    const send = (status, json, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(json));
    };
    try {
      const { answer, body } = this.#answer(request, text);
      if (answer.error) return send(answer.error.status, this.dialect.error(answer.error), answer.headers);
      if (!body.stream) return send(200, this.dialect.document(answer, body));
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      for (const event of this.dialect.events(answer, body)) response.write(event);
      return response.end();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal('', `${error.stack}`);
      this.refused.push({ param: refusal.param, message: refusal.message, body: text });
      return send(400, this.dialect.refusal(refusal));
    }
  }

  #answer({ method, url, headers }, text) {
    demand(method === 'POST' && url === `/v1/${this.dialect.path}`, 'url', `${method} ${url} is not known`);
    const body = JSON.parse(text);
    this.dialect.check(body, headers, this);
    const request = {
      body, headers, text, conversation: this.dialect.conversation(body), tools: this.dialect.tools(body),
    };
    this.requests.push(request);
    let answer = this.script.shift();
    if (typeof answer === 'function') answer = answer(request);
    demand(answer, 'script', 'The script has come to its end.');
    return { answer: answer.error ? answer : this.#numbered(answer, request), body };
  }

  #numbered(answer, { tools }) {
    const calls = (answer.calls ?? []).map((call) => {
      demand(tools.includes(call.name), 'script', `${call.name} is none of the tools ${tools}`);
      return { id: this.dialect.callId(call.name, this.numbers.call++), ...call };
    });
    const number = ++this.numbers.answer;
    const signature = answer.thinking && `signature+of/${number}==`;
    if (signature) this.issued.set(signature, answer.thinking);
    const usage = { input: 100, output: 20, cached: 40, ...answer.usage };
    return { ...answer, calls, number, signature, usage };
  }

  // Nothing was wrong with what it was asked.
  assertWellAsked() {
    assert.deepEqual(this.refused.map(({ param, message }) => `${param}: ${message}`), []);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export const kAlias = 'house/model';
const kEncryption = 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=';

async function register(server, path, body) {
  const response = await fetch(`${server.url}/admin/${path}`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 201, await response.text());
}

// A server that knows the provider's model under that alias.
export async function registerProvider(server, provider, { id = 'house', alias = kAlias, model, config = {} }) {
  const { wireApi } = provider.dialect;
  const key = `key-of-${id}`;
  server.keys.push(key);
  await register(server, 'providers', {
    id, base_url: provider.baseUrl, wire_api: wireApi, api_key: key, config: { dialect: config },
  });
  await register(server, 'models', { alias, provider_id: id, upstream_id: model });
}

// A server without keys, to which providers can be registered.
export async function startAlone(t, env = {}) {
  const server = await Server.start({ keys: [], env: { PROXY_SECRET_ENCRYPTION_KEY: kEncryption, ...env } });
  t.after(() => server.stop());
  return server;
}

// options of the provider; `alias`, `model` and `config` of its registration.
export async function startTranslated(t, dialect, script, { env, alias, model, config, ...options } = {}) {
  const provider = await ScriptedProvider.start(dialect, script, options);
  t.after(() => provider.stop());
  const server = await startAlone(t, env);
  await registerProvider(server, provider, {
    alias, model: model ?? dialect.model, config: { ...dialect.config, ...config },
  });
  return { provider, server };
}
