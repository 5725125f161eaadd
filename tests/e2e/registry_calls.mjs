// What tests of registered providers share: calls with the admin token, and an upstream's answers.
export const kToken = 'admin-token-of-the-test-1234';
export const kEncryption = 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=';
export const kEnv = { PROXY_ADMIN_TOKEN: kToken, PROXY_SECRET_ENCRYPTION_KEY: kEncryption };

export const response = (id) => ({
  json: { id, object: 'response', status: 'completed', model: 'upstream-model', output: [] },
});
export const kRules = [
  { method: 'GET', replies: [{ json: { object: 'list', data: [] } }], repeat_last: true },
  { method: 'POST', replies: [response('resp_1')], repeat_last: true },
];

// `server.seen` keeps all that was answered.
export async function call(server, method, path, body, headers = {}) {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${kToken}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  server.seen = (server.seen ?? '') + text;
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // a page, or the metrics
  }
  return { status: answer.status, json, text, headers: answer.headers };
}
export const post = (server, path, body) => call(server, 'POST', path, body);

export async function ask(server, model, extra = {}) {
  const answer = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'hello', ...extra }),
  });
  return { status: answer.status, json: await answer.json(), headers: answer.headers };
}

export const provider = (id, upstream, more = {}) => ({
  id,
  base_url: upstream.baseUrl,
  wire_api: 'responses',
  api_key: 'replace-with-provider-key',
  ...more,
});
export const alias = (name, providerId, upstreamId = 'gpt-4.1-mini') => ({
  alias: name, provider_id: providerId, upstream_id: upstreamId,
});
