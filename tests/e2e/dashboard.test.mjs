// The dashboard in a real browser, against a started rp-server.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDashboard } from './browser.mjs';
import { startPair } from './harness.mjs';

const kToken = 'e2e-admin-token-0001';

async function ask(server, body = {}) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4.1-mini', input: 'Hi', ...body }),
  });
  await response.text();
  return { status: response.status, id: response.headers.get('x-request-id') };
}

async function show(page, view) {
  await page.locator(`#views a[href="#/${view}"]`).click();
  await page.locator(`main.${view} h1`).waitFor();
}

const isLive = (page) => page.locator('#link', { hasText: 'live' }).waitFor();
const card = (page, name) => page.locator(`#resources article[aria-label="${name}"]`);
const row = (page, id) => page.locator(`#requests tr[data-id="${id}"]`);

test('a request appears while one looks on, is filtered for, and opened with the keyboard', async (t) => {
  const { server } = await startPair(t);
  const { page, asked, complaints } = await openDashboard(t, server, { view: '#/requests' });
  await isLive(page);
  await page.locator('#no-requests', { hasText: 'No finished requests' }).waitFor();

  const name = '<img src=x onerror="document.title=1"> session';
  const { id } = await ask(server, { metadata: { session_id: 's-1', session_name: name } });
  const { id: other } = await ask(server, { model: 'gpt-other' });
  await row(page, id).waitFor();
  await row(page, other).waitFor();
  const cells = await row(page, id).locator('td').allTextContents();
  for (const text of [name, 'gpt-4.1-mini', '200', '11', '7']) assert.ok(cells.includes(text), text);
  assert.match(cells.join(), /openai-[12],/);

  await page.fill('#filters [name="session_id"]', 's-1');
  await page.keyboard.press('Enter');
  await page.waitForURL(/session_id=s-1/);
  await row(page, id).waitFor();
  assert.equal(await page.locator('#requests tbody tr').count(), 1, other);

  await row(page, id).locator('button').focus();
  await page.keyboard.press('Enter');
  const sheet = page.locator('dialog.sheet');
  await sheet.getByText('weighted least connections').waitFor();
  await sheet.getByText(/first byte after .* ends after/).waitFor();
  await sheet.getByRole('button', { name: 'Show captured bodies' }).click();
  await sheet.getByText('PROXY_CAPTURE_BODIES=true').waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  assert.equal(await page.title(), 'Requests – Responses proxy');
  assert.deepEqual(complaints, []);
  for (const url of asked) assert.ok(url.startsWith(server.url) || url.startsWith('data:'), url);
});

test('each filter narrows what is shown', async (t) => {
  const error = { status: 400, code: 'invalid_request', message: 'no' };
  const rules = [{ replies: [{ response: { id: 'resp_1', text: 'a' } }, { error }], repeat_last: true }];
  const env = { PROXY_CLIENT_TOKENS: 'alice:token-of-alice,bob:token-of-bob' };
  const { server } = await startPair(t, { rules, env, keys: ['sk-test-key-one'] });
  const as = async (token, model) => {
    const answer = await fetch(`${server.baseUrl}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ model, input: 'Hi' }),
    });
    await answer.text();
    return answer.headers.get('x-request-id');
  };
  const alices = await as('token-of-alice', 'gpt-a');
  const bobs = await as('token-of-bob', 'gpt-b');
  const [{ resource_id: resource }] = await server.rows(2);
  const { page } = await openDashboard(t, server, { view: '#/requests' });
  const rows = page.locator('#requests tbody tr');
  for (const [filter, value, shown] of [
    ['model', 'gpt-a', [alices]],
    ['caller', 'bob', [bobs]],
    ['status', '4xx', [bobs]],
    ['resource_id', resource, [alices, bobs]],
    ['since', '2099-01-01T00:00:01', []],
    ['until', '2099-01-01T00:00:01', [alices, bobs]],
  ]) {
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('#requests tbody tr').nth(1).waitFor();
    const control = page.locator(`#filters [name="${filter}"]`);
    if (['status', 'resource_id'].includes(filter)) await control.selectOption(value);
    else await control.fill(value);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.waitForURL(new RegExp(`${filter}=`));
    for (const id of shown) await row(page, id).waitFor();
    for (const id of [alices, bobs].filter((one) => !shown.includes(one))) await row(page, id).waitFor({ state: 'detached' });
    assert.equal(await rows.count(), shown.length, filter);
  }
});

test('captured bodies are shown as text', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_CAPTURE_BODIES: 'true' } });
  const { id } = await ask(server, { input: '<b>look</b>' });
  const { page } = await openDashboard(t, server, { view: '#/requests' });
  await row(page, id).click();
  await page.getByRole('button', { name: 'Show captured bodies' }).click();
  await page.locator('pre', { hasText: '<b>look</b>' }).waitFor();
});

test('the other views show the request', async (t) => {
  const { server } = await startPair(t);
  for (let n = 0; n < 3; ++n) await ask(server, { metadata: { session_id: 's-7', session_name: 'seven' } });
  await server.rows(3);
  const { page, complaints } = await openDashboard(t, server);
  await page.locator('#wrong', { hasText: 'All 2 resources are available. 3 requests' }).waitFor();
  await page
    .locator('section[aria-label="Requests per second"] .legend', { hasText: /openai-[12]/ })
    .waitFor();
  await page.locator('section[aria-label="Tokens per minute"] .latest', { hasText: '54 in all' }).waitFor();
  await page.locator('section[aria-label="Duration"] summary').click();
  await page.locator('section[aria-label="Duration"] tbody tr').first().waitFor();
  await page.getByRole('button', { name: '24 h' }).click();
  await page.locator('section[aria-label="Tokens per minute"] .latest', { hasText: '54 in all' }).waitFor();

  await show(page, 'sessions');
  await page.locator('#sessions tr', { hasText: 'seven' }).click();
  await page.locator('dialog.sheet', { hasText: 'It stayed with one resource.' }).waitFor();
  assert.equal(await page.locator('dialog.sheet .turn').count(), 3);
  await page.keyboard.press('Escape');

  await show(page, 'usage');
  for (const by of ['Day', 'Model', 'Resource', 'Session', 'Caller']) {
    await page.getByRole('button', { name: by, exact: true }).click();
    await page.locator('#usage th', { hasText: by }).waitFor();
    assert.match(
      (await page.locator('#usage tbody tr').first().innerText()).replace(/\s+/g, ' '),
      / 3 0 33 .* 21 54$/,
    );
  }
  assert.deepEqual(complaints, []);
});

test('a session that moves to another key: which, why, and what it had cached', async (t) => {
  const limited = { status: 429, type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached' };
  const rules = [
    { key: 'sk-test-key-one', replies: [{ response: { id: 'resp_1', text: 'a' } }, { error: limited, headers: { 'retry-after': '60' } }], repeat_last: true },
    { key: 'sk-test-key-two', replies: [{ response: { id: 'resp_2', text: 'b' } }, { error: limited, headers: { 'retry-after': '60' } }], repeat_last: true },
  ];
  const { server } = await startPair(t, { rules });
  const session = { metadata: { session_id: 's-8', session_name: 'eight' } };
  assert.equal((await ask(server, session)).status, 200); // one key knows it
  assert.equal((await ask(server, session)).status, 200); // and asks to wait
  await server.rows(2);
  const { page } = await openDashboard(t, server, { view: '#/sessions' });
  await page.locator('#sessions tr', { hasText: 'eight' }).click();
  const sheet = page.locator('dialog.sheet');
  await sheet.getByText('It moved 1 time.').waitFor();
  await sheet.locator('li.moved', { hasText: /Moved from openai-[12] to openai-[12]/ }).waitFor();
  assert.match(await sheet.locator('.turn .cached').first().innerText(), /\d+ ?% cached/);
});

test('a key that fails is seen to wait, and to come back', async (t) => {
  const error = { status: 429, type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached' };
  const replies = [
    { response: { id: 'resp_1', text: 'a' } },
    { error, headers: { 'retry-after': '10' } },
    { response: { id: 'resp_3', text: 'b' } },
  ];
  const { server } = await startPair(t, {
    keys: ['sk-test-key-one'],
    env: { PROXY_RESOURCE_COOLDOWN_SECONDS: '1' },
    rules: [{ replies, repeat_last: true }],
  });
  const { page } = await openDashboard(t, server, { view: '#/resources' });
  assert.equal((await ask(server)).status, 200);
  await card(page, 'openai-1').locator('.badge.good').waitFor();
  assert.equal((await ask(server)).status, 429);
  await card(page, 'openai-1')
    .getByText(/asked to wait: \d+ s left/)
    .waitFor();
  await show(page, 'overview');
  await page
    .locator('#wrong li', { hasText: /openai-1: 1 of 2 requests failed, HTTP 429, on trial in \d+ s/ })
    .waitFor();
  await page
    .locator('#wrong li', { hasText: 'Pool openai-default: none of its 1 resource can be used' })
    .waitFor();

  await page
    .locator('#wrong li', { hasText: 'openai-1: 1 of 2 requests failed, HTTP 429, on trial: one request' })
    .waitFor();
  assert.equal((await ask(server)).status, 200);
  await page.locator('#wrong li', { hasText: 'openai-1: ' }).waitFor({ state: 'detached' });
  await show(page, 'resources');
  await card(page, 'openai-1').locator('.badge.good').waitFor();
});

test('the charts ask for sums and for no records', async (t) => {
  const { server } = await startPair(t);
  const { page, asked } = await openDashboard(t, server);
  await isLive(page);
  for (let n = 0; n < 5; ++n) await ask(server);
  await page.locator('section[aria-label="Tokens per minute"] .latest', { hasText: '90 in all' }).waitFor();
  for (const range of ['1 h', '6 h', '24 h', '7 d']) {
    await page.getByRole('button', { name: range, exact: true }).click();
    await page.waitForResponse((answer) => answer.url().includes('/admin/timeseries'));
  }
  await show(page, 'resources');
  await page.locator('#resources .spark[aria-label^="5 requests"]').or(page.locator('#resources .spark')).first().waitFor();
  const paths = new Set(asked.map((url) => new URL(url).pathname).filter((path) => path.startsWith('/admin/')));
  assert.deepEqual([...paths].sort(), ['/admin/events', '/admin/timeseries']);
});

test('a resource shows what is left of its limits, and its last check', async (t) => {
  const headers = {
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '50',
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '99',
  };
  const { server } = await startPair(t, {
    keys: ['sk-test-key-one'],
    rules: [{ replies: [{ response: { id: 'resp_1', text: 'a' }, headers }], repeat_last: true }],
  });
  const { page } = await openDashboard(t, server, { view: '#/resources' });
  await ask(server);
  const limits = card(page, 'openai-1').locator('.limits li');
  await limits.first().filter({ hasText: 'tokens of gpt-4.1-mini' }).filter({ hasText: '5.0 % left' }).waitFor();
  await limits.nth(1).filter({ hasText: '99 % left' }).waitFor();
  await page.click('#check');
  await card(page, 'openai-1').getByText(/healthy, .* at \d\d:/).waitFor();
});

test('a health check on demand', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server, { view: '#/resources' });
  await card(page, 'openai-2').waitFor();
  await page.click('#check');
  await page.locator('#check-result', { hasText: '2 of 2 resources healthy' }).waitFor();
  await page.locator('#resources .badge.good').nth(1).waitFor();
  await card(page, 'openai-1')
    .getByText(/^healthy, .* at /)
    .waitFor();
});

test('with PROXY_ADMIN_PROTECT=all it asks for the token, once for as long as the page is open', async (t) => {
  const env = { PROXY_ADMIN_TOKEN: kToken, PROXY_ADMIN_PROTECT: 'all' };
  const { server } = await startPair(t, { env });
  const { page } = await openDashboard(t, server, { view: '#/resources' });
  await page.locator('#login').waitFor();
  await page.fill('#token', 'not the token');
  await page.keyboard.press('Enter');
  await page.locator('#login-problem', { hasText: 'PROXY_ADMIN_TOKEN' }).waitFor();
  assert.equal(await page.locator('#resources article').count(), 0);

  await page.fill('#token', kToken);
  await page.keyboard.press('Enter');
  await isLive(page);
  await card(page, 'openai-2').waitFor();
  assert.equal(await page.locator('#login').isVisible(), false);
  for (const view of ['overview', 'requests', 'sessions', 'usage']) await show(page, view);
  assert.equal(await page.locator('#login').isVisible(), false);
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  assert.ok(!kept.includes(kToken));

  await page.reload();
  await page.locator('#login').waitFor();
});

test('it is live again when the server is back', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server, { view: '#/requests' });
  await isLive(page);
  server.env.PROXY_PORT = new URL(server.url).port;
  await server.restart();
  const { id } = await ask(server);
  await row(page, id).waitFor();
  await isLive(page);
});

test('the page of the API shows every path', async (t) => {
  const { server } = await startPair(t);
  const { page, asked, complaints } = await openDashboard(t, server, { view: 'docs' });
  await page.locator('summary', { hasText: '/admin/events' }).waitFor();
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
  const shown = await page.locator('summary .mono').allTextContents();
  for (const path of Object.keys(paths)) assert.ok(shown.includes(path), path);
  assert.deepEqual(complaints, []);
  for (const url of asked) assert.ok(url.startsWith(server.url) || url.startsWith('data:'), url);
});
