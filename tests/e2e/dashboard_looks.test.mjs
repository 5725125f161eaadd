// How the dashboard looks: pictures of every view, nothing wider than the screen, and what axe-core finds. The charts
// show an hour of made-up traffic; everything else is the server's own.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { openDashboard } from './browser.mjs';
import { startPair } from './harness.mjs';

const kViews = ['overview', 'resources', 'requests', 'sessions', 'usage', 'providers'];
const kKeys = ['sk-test-key-one', 'sk-test-key-two', 'sk-test-key-three'];
const kModels = ['gpt-5.2', 'gpt-5.2-mini', 'gpt-4.1-mini'];
const kNames = [
  'fix flaky test',
  'refactor parser',
  'triage inbox',
  'nightly report',
  'docs chat',
  'review 1482',
];
const kRequests = 1900;
const published = (path) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
const axe = published('axe-core/axe.min.js');

// The same numbers in every run.
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

async function ask(server, n) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: kModels[n % 3],
      input: 'Hi',
      metadata: { session_id: `s-${n % 6}`, session_name: kNames[n % 6] },
    }),
  });
  await response.text();
}

// Rows like `sample`, newest first, over the last hour.
function madeUp(sample, resources) {
  const random = randomNumbers(7);
  const now = Date.now();
  return Array.from({ length: kRequests }, (_, n) => {
    const at = now - 3_600_000 * ((n + random()) / kRequests) ** 1.1;
    const first = 180 + 500 * random() ** 3;
    const input = 800 + Math.floor(9000 * random());
    const output = 60 + Math.floor(900 * random() ** 2);
    const failed = random() < 0.02;
    const id = resources[Math.floor(resources.length * random() ** 1.4)].id;
    const attempt = {
      ...sample.attempts[0],
      resource_id: id,
      started_at: new Date(at).toISOString(),
      first_byte_ms: first,
      duration_ms: first + output * 4,
    };
    const before = {
      ...attempt,
      resource_id: resources.at(-1).id,
      status_code: 429,
      error: 'http_429',
      blame: 'resource',
    };
    return {
      ...sample,
      request_id: `req_${n}`,
      created_at: new Date(at).toISOString(),
      stream: random() < 0.8,
      status_code: failed ? 502 : 200,
      blame: failed ? 'provider' : 'none',
      resource_id: id,
      input_tokens: input,
      cached_tokens: Math.floor(input * (0.45 + 0.4 * random())),
      output_tokens: output,
      total_tokens: input + output,
      timings: { ...sample.timings, first_byte_ms: first, duration_ms: first + output * 4 },
      attempts: random() < 0.05 ? [before, { ...attempt, reason: 'failover' }] : [attempt],
    };
  });
}

// Only what the charts read is made up: they ask for pages of 500.
async function serveHistory(page, rows) {
  await page.route(
    (url) => url.pathname === '/admin/requests' && url.searchParams.get('limit') === '500',
    (route) => {
      const { searchParams } = new URL(route.request().url());
      const since = searchParams.get('since') ?? '';
      const until = searchParams.get('until') || '9';
      const found = rows.filter((r) => r.created_at >= since && r.created_at < until);
      route.fulfill({ json: { data: found.slice(0, 500), next_cursor: found.length > 500 ? 'more' : null } });
    },
  );
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}

const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test('the chart library is the published one', async (t) => {
  const { server } = await startPair(t);
  for (const [name, path] of [
    ['uPlot.iife.min.js', 'uplot/dist/uPlot.iife.min.js'],
    ['uPlot.min.css', 'uplot/dist/uPlot.min.css'],
    ['uPlot-LICENSE.txt', 'uplot/LICENSE'],
  ]) {
    assert.ok((await (await fetch(`${server.url}/assets/${name}`)).text()) === published(path), name);
  }
});

test('every view, light and dark, on a wide screen and on a phone', async (t) => {
  const error = { status: 429, type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached' };
  const limited = {
    key: kKeys[2],
    replies: [{ error, headers: { 'retry-after': '90' } }],
    repeat_last: true,
  };
  const { server } = await startPair(t, { keys: kKeys, rules: [limited] });
  for (let n = 0; n < 30; ++n) await ask(server, n);
  await server.rows(30);
  const [sample] = (await server.allRows()).filter((r) => r.status_code === 200);
  const history = madeUp(sample, await server.resources());
  const folder = process.env.RP_SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });

  const { browser, page } = await openDashboard(t, server, { bypassCSP: true, view: 'healthz' });
  await serveHistory(page, history);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const view of kViews) {
        await page.goto('about:blank');
        await page.goto(`${server.url}/#/${view}`);
        await page.locator('#link', { hasText: 'live' }).waitFor();
        await page.waitForLoadState('load');
        if (view === 'overview') {
          await page.getByRole('button', { name: '1 h', exact: true }).click();
          await page.locator('section[aria-label="Requests per second"] canvas').waitFor();
          await page.locator('#coverage:empty').waitFor({ state: 'attached' });
        }
        const named = `${view} ${colorScheme} ${width}`;
        if (folder) await page.screenshot({ path: join(folder, `${named.replaceAll(' ', '-')}.png`) });
        assert.equal(await tooWide(page), 0, `${named} is too wide`);
        assert.deepEqual(await violations(page), [], named);
      }
      await page.goto(`${server.url}/#/requests`);
      await page.locator('#requests tbody button').first().click();
      const named = `request ${colorScheme} ${width}`;
      if (folder) await page.screenshot({ path: join(folder, `${named.replaceAll(' ', '-')}.png`) });
      assert.equal(await tooWide(page), 0, `${named} is too wide`);
      assert.deepEqual(await violations(page), [], named);
      await page.keyboard.press('Escape');
    }
  }
  await browser.close();
});
