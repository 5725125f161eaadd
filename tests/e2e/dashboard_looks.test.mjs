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

// Sums of an hour in steps of half a minute, as /admin/timeseries answers.
function madeUp(resources) {
  const random = randomNumbers(7);
  const step = 30;
  const end = Math.ceil(Date.now() / 1000 / step) * step;
  const time = (seconds) => new Date(seconds * 1000).toISOString();
  const quantiles = (p50, spread) => ({ p50, p95: p50 * spread, p99: p50 * spread * (1.2 + random()) });
  const shares = resources.map((_, index) => [0.55, 0.35, 0.1][index] ?? 0);
  const counts = resources.map(() => []);
  const points = Array.from({ length: 120 }, (_, n) => {
    const busy = 18 + 9 * Math.sin(n / 17) + 6 * random();
    for (const [index, share] of shares.entries()) counts[index].push(Math.round(busy * share * (0.7 + 0.6 * random())));
    const requests = counts.reduce((sum, list) => sum + list[n], 0);
    const input = requests * (4000 + Math.floor(3000 * random()));
    return {
      at: time(end - (120 - n) * step),
      seconds: step,
      requests,
      attempts: requests + 1,
      errors: random() < 0.12 ? 1 : 0,
      failovers: random() < 0.5 ? 1 : 0,
      input_tokens: input,
      output_tokens: requests * (200 + Math.floor(200 * random())),
      cached_tokens: Math.floor(input * (0.55 + 0.2 * random())),
      duration_ms: quantiles(1400 + 500 * random(), 2.4),
      first_event_ms: quantiles(240 + 90 * random(), 1.9),
    };
  });
  const kCounts = ['requests', 'attempts', 'errors', 'failovers', 'input_tokens', 'output_tokens', 'cached_tokens'];
  const sums = {
    ...points[60],
    ...Object.fromEntries(kCounts.map((name) => [name, points.reduce((sum, point) => sum + point[name], 0)])),
  };
  return {
    counted_since: time(end - 86_400),
    since: points[0].at,
    until: time(end),
    step_seconds: step,
    points,
    sums,
    resources: resources.map(({ id }, index) => ({
      ...sums,
      resource_id: id,
      requests: counts[index].reduce((sum, n) => sum + n, 0),
      requests_by_point: counts[index],
    })),
  };
}

// What a provider says of its limits when that part of them is left.
const limits = (left) => ({
  'x-ratelimit-limit-requests': '5000',
  'x-ratelimit-remaining-requests': String(Math.round(5000 * (0.5 + left / 2))),
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-tokens': String(Math.round(2_000_000 * left)),
});

const serveHistory = (page, report) =>
  page.route(
    (url) => url.pathname === '/admin/timeseries',
    (route) => route.fulfill({ json: report }),
  );

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
  const response = { id: 'resp_1', text: 'Hello' };
  const rules = [
    limited,
    { key: kKeys[0], replies: [{ response, headers: limits(0.62) }], repeat_last: true },
    { key: kKeys[1], replies: [{ response, headers: limits(0.07) }], repeat_last: true },
  ];
  const { server } = await startPair(t, { keys: kKeys, rules });
  for (let n = 0; n < 30; ++n) await ask(server, n);
  await server.rows(30);
  const history = madeUp(await server.resources());
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
