// Codex set up by `rp-server codex`: it knows the proxy's models, and hears when they change.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { test } from 'node:test';

import { codexTurn, CodexThread, itemsOf, kConfig } from './codex_cli.mjs';
import { binary, Child, eventually, startPair, withDeadline } from './harness.mjs';

const kEncryption = { PROXY_SECRET_ENCRYPTION_KEY: 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=' };
const kHello = { stream: { id: 'resp_1', deltas: ['Hello ', 'alias.'] } };
const kRules = [{ replies: [kHello], repeat_last: true }];
const kPlain = [
  'Model metadata', // "... not found. Defaulting to fallback metadata"
  'failed to refresh available models',
];

async function post(server, path, body) {
  const response = await fetch(`${server.url}/admin/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

async function addAlias(upstream, server, more = {}) {
  await post(server, 'providers', { id: 'kimi-main', base_url: upstream.baseUrl, api_key: 'key-of-kimi-main' });
  return post(server, 'models', {
    alias: 'kimi/k2', provider_id: 'kimi-main', upstream_id: 'kimi-k2.6',
    capabilities: {
      context_window: 200_000, default_reasoning_level: 'high',
      supported_reasoning_levels: ['low', 'medium', 'high'], input_modalities: ['text'],
    },
    ...more,
  });
}

// { code, printed, output } of `rp-server codex ...`.
async function command(t, server, args, env = {}) {
  const home = mkdtempSync(join(tmpdir(), 'rp-codex-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'config.toml'), kConfig);
  const child = new Child(binary('RP_SERVER'), ['codex', '--url', server.url, ...args], {
    cwd: home,
    env: {
      HOME: home, CODEX_HOME: home, TERM: 'dumb', PATH: `${dirname(process.env.CODEX)}:${process.env.PATH}`, ...env,
    },
  });
  child.process.stdin.end();
  let printed = '';
  for (let line; (line = await child.line()) !== undefined; ) printed += `${line.input}\n`;
  return { code: await withDeadline(child.exited, 'rp-server codex'), printed, output: child.output };
}

const bundled = (t) => {
  const home = mkdtempSync(join(tmpdir(), 'rp-codex-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, 'bundled.json');
  writeFileSync(file, execFileSync(process.env.CODEX, ['debug', 'models', '--bundled'], {
    env: { ...process.env, HOME: home, CODEX_HOME: home }, maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'],
  }));
  return file;
};

// Nothing of Codex's own servers is asked.
const execOf = (model) => [
  'exec', '--skip-git-repo-check', '--json', '--disable', 'plugins', '--disable', 'remote_plugin', '--disable', 'apps',
  '-m', model, 'Say hello.',
];
const toolsOf = (body) => JSON.parse(body).tools.map((tool) => tool.name ?? tool.type);

test('the printed configuration works, and the capabilities of the alias are used', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const { code, printed } = await command(t, server, ['config']);
  assert.equal(code, 0);
  assert.match(printed, /model_catalog_url = /);
  const [top, provider] = printed.split(/^(?=\[)/m);
  const config = `model = "kimi/k2"\n${top}${kConfig}${provider}`;
  const overrides = ['-c', 'model_providers.responses_proxy.env_key="CODEX_TEST_KEY"',
    '-c', 'model_providers.responses_proxy.supports_websockets=false'];
  const turn = await codexTurn(t, config, overrides, 'Say hello.');
  assert.equal(turn.code, 0, turn.output);
  for (const warning of kPlain) assert.ok(!turn.output.includes(warning), turn.output);
  assert.deepEqual(itemsOf(turn.events, 'error'), []);
  assert.deepEqual(itemsOf(turn.events, 'agent_message').map((item) => item.text), ['Hello alias.']);

  const requests = (await upstream.requests()).filter((request) => request.method === 'POST');
  assert.equal(requests.length, 1);
  const body = JSON.parse(requests[0].body);
  assert.equal(body.model, 'kimi-k2.6');
  assert.equal(body.reasoning.effort, 'high');
  const tools = toolsOf(requests[0].body);
  assert.ok(tools.includes('apply_patch'), tools.join());
  assert.ok(!tools.some((name) => /multi_agent|collaboration/.test(name)), tools.join());
});

test('codex run is the CLI itself, over WebSocket, with everything set', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const { code, output } = await command(t, server, ['run', '--', ...execOf('kimi/k2')]);
  assert.equal(code, 0, output);
  for (const warning of kPlain) assert.ok(!output.includes(warning), output);
  assert.match(output, /Hello alias\./);
  const [row] = await server.rows(1);
  assert.equal(row.model_alias, 'kimi/k2');
});

test('the exit code of codex run is that of Codex, and one that is not there is told', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  assert.notEqual((await command(t, server, ['run', '--', 'no-such-command', '--no-such-flag'])).code, 0);
  const missing = await command(t, server, ['run', '--program', 'no-codex-here', '--', 'exec']);
  assert.equal(missing.code, 127);
  assert.match(missing.output, /no-codex-here/);
});

test('a proxy that does not answer is told, with its address', async (t) => {
  const nobody = { url: 'http://127.0.0.1:1' };
  const { code, output } = await command(t, nobody, ['catalog']);
  assert.equal(code, 1);
  assert.match(output, /http:\/\/127\.0\.0\.1:1\/v1\/models/);
  assert.equal((await command(t, nobody, ['config'])).code, 0);
});

test('the printed catalog is one that Codex takes as model_catalog_json', async (t) => {
  const base = bundled(t);
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const { code, printed } = await command(t, server, ['catalog'], { MODEL_CATALOG_JSON: base });
  assert.equal(code, 0);
  const slugs = JSON.parse(printed).models.map((model) => model.slug);
  assert.ok(slugs.includes('kimi/k2') && slugs.includes('gpt-5.5'), slugs.join());
  const file = join(dirname(base), 'catalog.json');
  writeFileSync(file, printed);
  for (const model of ['kimi/k2', 'gpt-5.5']) {
    const overrides = ['-m', model, '-c', `model_catalog_json="${file}"`, '-c', 'model_provider="proxy"',
      '-c', 'model_providers.proxy.name="Responses Proxy"', '-c', 'model_providers.proxy.wire_api="responses"',
      '-c', `model_providers.proxy.base_url="${server.baseUrl}"`];
    const turn = await codexTurn(t, kConfig, overrides, 'Say hello.');
    assert.equal(turn.code, 0, turn.output);
    for (const warning of kPlain) assert.ok(!turn.output.includes(warning), turn.output);
  }
});

test('codex-catalog is another name of codex catalog', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const { printed } = await command(t, server, ['catalog']);
  const { host } = new URL(server.url);
  const said = execFileSync(binary('RP_SERVER'), ['codex-catalog'], {
    encoding: 'utf8', env: { PROXY_PORT: host.split(':')[1] },
  });
  assert.equal(said.trim(), printed.trim());
});

test('Codex gets a catalog, whatever there is: no alias, no base, and an upstream that fails', async (t) => {
  const rules = [{ replies: [{ error: { status: 500, code: 'server_error', message: 'broken' } }], repeat_last: true }];
  for (const keys of [undefined, []]) {
    const { server } = await startPair(t, { rules, ...(keys && { keys }) });
    const answer = await fetch(`${server.url}/v1/models?client_version=0.171.0`);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), { object: 'list', data: [], models: [] });
  }
});

test('MODEL_CATALOG_JSON beside the command serves a proxy that has none', async (t) => {
  const base = bundled(t);
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const { code, output } = await command(t, server, ['run', '--', ...execOf('gpt-5.5')], { MODEL_CATALOG_JSON: base });
  assert.equal(code, 0, output);
  for (const warning of kPlain) assert.ok(!output.includes(warning), output);
});

test('with the base of the server Codex knows its own models and the aliases', async (t) => {
  const env = { ...kEncryption, MODEL_CATALOG_JSON: bundled(t) };
  const { upstream, server } = await startPair(t, { rules: kRules, env });
  await addAlias(upstream, server);
  const answer = await fetch(`${server.url}/v1/models?client_version=0.171.0`);
  assert.match(answer.headers.get('etag'), /^"[0-9a-f]{16}"$/);
  const { object, data, models } = await answer.json();
  assert.equal(object, 'list');
  assert.deepEqual(data.map((model) => model.id), models.map((model) => model.slug));
  assert.ok(models.find((model) => model.slug === 'kimi/k2').priority > models.find((model) => model.slug === 'gpt-5.5').priority);
  for (const model of ['kimi/k2', 'gpt-5.5']) {
    const { code, output } = await command(t, server, ['run', '--', ...execOf(model)]);
    assert.equal(code, 0, output);
    for (const warning of kPlain) assert.ok(!output.includes(warning), output);
  }
});

test('an alias that is added reaches a Codex that is running', async (t) => {
  for (const socket of [false, true]) {
    const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
    await addAlias(upstream, server);
    const config = `model = "kimi/k2"
model_provider = "proxy"
${kConfig}
[model_providers.proxy]
name = "Responses Proxy"
base_url = "${server.baseUrl}"
model_catalog_url = "${server.baseUrl}/models"
env_key = "CODEX_TEST_KEY"
wire_api = "responses"
supports_websockets = ${socket}
`;
    const thread = await CodexThread.start(t, config);
    const models = async () => (await thread.request('model/list', {})).data.map((model) => model.id ?? model.model);
    await thread.ask('Say hello.');
    assert.deepEqual(await models(), ['kimi/k2']);
    await post(server, 'models', { alias: 'kimi/fresh', provider_id: 'kimi-main', upstream_id: 'kimi-k2.7' });
    await thread.ask('Say hello.');
    await eventually('Codex to know the new alias', async () => (await models()).includes('kimi/fresh'));
  }
});

test('a name that Codex takes for its own model is warned about', async (t) => {
  const { upstream, server } = await startPair(t, { rules: kRules, env: kEncryption });
  await addAlias(upstream, server);
  const saved = await post(server, 'models', { alias: 'kimi/gpt-5.5', provider_id: 'kimi-main', upstream_id: 'k' });
  assert.match(saved.warnings.join(), /gpt-5\.5/);
  const { output } = await command(t, server, ['config']);
  assert.match(output, /warning: Codex takes "kimi\/gpt-5\.5" for its own gpt-5\.5/);
});
