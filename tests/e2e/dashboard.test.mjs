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

test('what is wrong is said in words', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server);
  const said = await page.evaluate(async () => {
    const { wrongNow, allWell } = await import('/assets/words.js');
    const now = 1e12;
    const telemetry = { dropped: 0, spooled: 0, queued: 0, stream: null };
    const fine = {
      id: 'a-1',
      name: 'a',
      pool_id: 'p',
      health: 'healthy',
      cooldown_seconds: null,
      blocked_seconds: null,
    };
    const state = (resources, more) => ({
      resources,
      telemetry,
      draining: false,
      shared_state: null,
      ...more,
    });
    const attempt = { resource: 'a-1', at: now - 1000, error: 'http_429', status: 429 };
    const failed = Array.from({ length: 10 }, () => ({ at: now - 1000, failed: false, attempts: [attempt] }));
    const old = failed.map((s) => ({
      ...s,
      at: now - 400_000,
      attempts: [{ ...attempt, at: now - 400_000 }],
    }));
    const lines = (...given) => wrongNow(...given, now).map((line) => line.text);
    return {
      nothing: lines(state([fine]), old),
      well: allWell(state([fine, fine]), failed, now),
      none: lines(state([]), []),
      limited: lines(
        state([
          { ...fine, health: 'degraded', blocked_seconds: 20 },
          { ...fine, id: 'b', name: 'b' },
        ]),
        failed,
      ),
      out: lines(state([{ ...fine, health: 'unhealthy', health_reason: 'HTTP 401: no such key' }]), []),
      trial: lines(state([{ ...fine, health: 'degraded', health_reason: 'HTTP 500' }]), []),
      records: lines(
        state([fine], {
          telemetry: { dropped: 1, spooled: 5, queued: 2000, stream: { reachable: false, poison: 2 } },
        }),
        [],
      ),
      redis: lines(state([fine], { shared_state: { up: false, problem: 'refused' }, draining: true }), []),
      clients: lines(
        state([fine]),
        failed.map((s, n) => ({ ...s, failed: n < 3, attempts: [] })),
      ),
    };
  });
  const pool = 'Pool p: none of its 1 resource can be used; its requests are refused';
  assert.deepEqual(said, {
    nothing: [],
    well: 'All 2 resources are available. 10 requests in the last 5 minutes.',
    none: ['No provider resources configured. Set OPENAI_API_KEY and start again, or register a provider.'],
    limited: ['a: 10 of 10 requests failed, HTTP 429, on trial in 20 s'],
    out: [pool, 'a: HTTP 401: no such key, out until a check or a trial succeeds'],
    trial: ['a: HTTP 500, on trial: one request at a time'],
    records: [
      '1 record lost since the start: the database could not keep up',
      'The Redis stream of records does not answer',
      'The database does not take records: 5 wait in the spool file',
      '2,000 records wait for the database',
      'Workers have set aside 2 records that cannot be read',
    ],
    redis: [
      'The server is shutting down: it ends what is under way and takes nothing new',
      'Redis does not answer (refused): each replica decides by itself',
    ],
    clients: ['3 of 10 requests (30 %) failed for clients in the last 5 minutes'],
  });
});

test('history is read in steps of a bound', async (t) => {
  const { server } = await startPair(t);
  await ask(server);
  const [sample] = await server.rows(1);
  const rows = Array.from({ length: 3000 }, (_, n) => ({
    ...sample,
    request_id: `r-${n}`,
    created_at: new Date(Date.now() - 1000 - n * 200).toISOString(),
  }));
  const { page } = await openDashboard(t, server, { view: '#/usage' });
  let pages = 0;
  await page.route(
    (url) => url.pathname === '/admin/requests',
    (route) => {
      const { searchParams } = new URL(route.request().url());
      pages += searchParams.has('since') ? 0 : 1;
      const since = searchParams.get('since') ?? '';
      const found = rows.filter(
        (r) => r.created_at >= since && r.created_at < (searchParams.get('until') ?? '9'),
      );
      route.fulfill({ json: { data: found.slice(0, 500), next_cursor: found.length > 500 ? 'more' : null } });
    },
  );
  await show(page, 'overview');
  await page.locator('#coverage', { hasText: /the newest 1,99\d requests/ }).waitFor();
  assert.equal(pages, 4);
  await page.getByRole('button', { name: 'Read further back' }).click();
  await page.locator('#coverage:empty').waitFor({ state: 'attached' });
  assert.ok(pages <= 8);
  await page.locator('section[aria-label="Requests per second"] .latest', { hasText: '3.33/s' }).waitFor();
});

test('a health check on demand', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server, { view: '#/resources' });
  await card(page, 'openai-2').waitFor();
  await page.click('#check');
  await page.locator('#check-result', { hasText: '2 of 2 resources healthy' }).waitFor();
  await page.locator('#resources .badge.good').nth(1).waitFor();
  await card(page, 'openai-1')
    .getByText(/^healthy, /)
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
