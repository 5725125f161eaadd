// The real Codex CLI on a model that only the proxy knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codex, itemsOf, kConfig } from './codex_cli.mjs';
import { startPair } from './harness.mjs';

test('Codex works on an alias, and the provider sees its own name for the model', async (t) => {
  const rules = [{ replies: [{ stream: { id: 'resp_1', deltas: ['Hello ', 'alias.'] } }], repeat_last: true }];
  const env = { PROXY_SECRET_ENCRYPTION_KEY: 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=' };
  const { upstream, server } = await startPair(t, { rules, env });
  const post = async (path, body) => {
    const response = await fetch(`${server.url}/admin/${path}`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(response.status, 201, await response.text());
  };
  await post('providers', { id: 'interactive-main', base_url: upstream.baseUrl, api_key: 'key-of-interactive' });
  await post('models', { alias: 'codex/interactive', provider_id: 'interactive-main', upstream_id: 'gpt-4.1-mini' });
  const overrides = [
    ['model_provider', '"proxy"'],
    ['model', '"codex/interactive"'],
    ['model_providers.proxy.name', '"Responses Proxy"'],
    ['model_providers.proxy.base_url', `"${server.baseUrl}"`],
    ['model_providers.proxy.wire_api', '"responses"'],
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const events = await codex(t, kConfig, overrides, 'Say hello.');

  assert.deepEqual(itemsOf(events, 'agent_message').map((item) => item.text), ['Hello alias.']);
  const [request] = await upstream.requests();
  assert.equal(JSON.parse(request.body).model, 'gpt-4.1-mini');
  assert.equal(request.key, 'key-of-interactive');
  const [row] = await server.rows(1);
  assert.deepEqual([row.model_alias, row.provider_id], ['codex/interactive', 'interactive-main']);
});
