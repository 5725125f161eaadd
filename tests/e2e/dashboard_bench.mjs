// What open tabs of the dashboard cost the server: its CPU at 40 requests/s, without tabs and with three of them, at 10
// records and at a million; and how long each view takes there, seen from the browser. `make bench-dashboard`;
// docs/benchmarks.md says what it means.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

import { startBrowser } from './browser.mjs';
import { Server } from './harness.mjs';

const kRate = 40; // requests per second
const kSessions = 10_000;
const kViews = ['overview', 'resources', 'requests'];
const kTicks = 100; // per second: USER_HZ of Linux
const kTarget = 2;
const kSizes = [10, 1_000_000];
const seconds = Number(process.env.RP_BENCH_SECONDS ?? 30); // of each turn

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

// Answers every request with the same small response.
async function startUpstream() {
  const answer = JSON.stringify({
    id: 'resp_bench',
    object: 'response',
    status: 'completed',
    output: [],
    usage: { input_tokens: 1000, output_tokens: 50, total_tokens: 1050, input_tokens_details: { cached_tokens: 700 } },
  });
  const upstream = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-limit-requests': '5000' });
      response.end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  return { baseUrl: `http://127.0.0.1:${upstream.address().port}/v1`, stop: () => upstream.close() };
}

// User and system time of the server and all its threads, in seconds.
function cpuOf(server) {
  const stat = readFileSync(`/proc/${server.child.process.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / kTicks;
}

async function ask(server, n) {
  const answer = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4.1-mini',
      input: 'Hi',
      metadata: { session_id: `session-${n % kSessions}` },
    }),
  });
  await answer.text();
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
}

// CPU per second of that long, at kRate requests a second.
async function underLoad(server) {
  const begun = performance.now();
  const before = cpuOf(server);
  const all = [];
  for (let n = 0; n < seconds * kRate; ++n) {
    await pause(Math.max(0, begun + (n * 1000) / kRate - performance.now()));
    all.push(ask(server, n));
  }
  await Promise.all(all);
  return (cpuOf(server) - before) / ((performance.now() - begun) / 1000);
}

// Copies the records that are there until there are so many, spread over a week and kSessions sessions.
function fill(path, records) {
  const database = new DatabaseSync(path);
  const columnsOf = (table) => database.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => name);
  const [{ now }] = database.prepare('SELECT MAX(created_at) AS now FROM requests').all();
  const spread = Math.floor((7 * 86_400e6) / records);
  const values = {
    request_id: "'fill-' || n",
    session_id: `'session-' || (n % ${kSessions})`,
    response_id: "'resp_fill_' || n",
    created_at: `${now} - n * ${spread}`,
    row_key: `(${now} - n * ${spread}) * 1024 + n % 1024`,
    segment: '-1 - n / 65536',
    session_hash: `n % ${kSessions} + 1`,
    response_hash: 'n',
  };
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const ofRequests = columnsOf('requests');
  database.exec(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${records})
    INSERT INTO requests (${ofRequests}) SELECT ${ofRequests.map((name) => values[name] ?? `s.${name}`)} FROM numbers,
    (SELECT * FROM requests WHERE request_id NOT LIKE 'fill-%' LIMIT 1) s`);
  database.exec(`INSERT OR IGNORE INTO record_segments
    SELECT segment, MIN(row_key), COUNT(*) FROM requests GROUP BY segment`);
  const columns = columnsOf('sessions');
  const copied = columns.map((name) =>
    name === 'session_id' ? "'session-' || n" : name === 'last_seen_at' ? `${now} - n` : `s.${name}`,
  );
  database.exec(`WITH RECURSIVE numbers(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${kSessions - 1})
    INSERT OR IGNORE INTO sessions (${columns}) SELECT ${copied} FROM numbers, (SELECT * FROM sessions LIMIT 1) s`);
  database.exec('COMMIT; ANALYZE');
  const [{ count }] = database.prepare('SELECT COUNT(*) AS count FROM requests').all();
  database.close();
  return count;
}

async function withBrowser(work) {
  const endings = [];
  const browser = await startBrowser({ after: (end) => endings.push(end) });
  try {
    return await work(browser);
  } finally {
    for (const end of endings) await end();
  }
}

const withTabs = (server, work) =>
  withBrowser(async (browser) => {
    for (const view of kViews) {
      const page = await browser.newPage();
      await page.goto(`${server.url}/#/${view}`);
      await page.locator('#link', { hasText: 'live' }).waitFor();
    }
    return await work();
  });

// What is done in each view, and what is there when it is done.
const kSteps = [
  ['overview', 'opened', async (page) => page.locator('#wrong', { hasText: 'available' }).waitFor()],
  ['resources', 'opened', async (page) => page.locator('#resources article').nth(3).waitFor()],
  ['requests', 'opened', async (page) => page.locator('#requests tbody tr').nth(9).waitFor()],
  ['requests', 'one request', async (page) => {
    await page.locator('#requests tbody tr').first().click();
    await page.locator('dialog.sheet', { hasText: 'ends after' }).waitFor();
  }],
  ['requests', 'older ones', async (page, more) => {
    if (!more) return;
    await page.click('#older');
    await page.locator('#requests tbody tr').nth(50).waitFor();
  }],
  ['requests', 'of one session', async (page) => {
    await page.fill('#filters [name="session_id"]', 'session-7');
    await page.keyboard.press('Enter');
    await page.waitForURL(/session_id=session-7/);
    await page.locator('#requests tbody tr').first().waitFor();
  }],
  ['requests', 'of status 5xx: none', async (page) => {
    await page.fill('#filters [name="session_id"]', '');
    await page.locator('#filters [name="status"]').selectOption('5xx');
    await page.waitForURL(/status=5xx/);
    await page.locator('#no-requests').waitFor();
  }],
  ['sessions', 'opened', async (page) => page.locator('#sessions tbody tr').nth(9).waitFor()],
  ['sessions', 'one session', async (page) => {
    await page.locator('#sessions tbody tr').first().click();
    await page.locator('dialog.sheet .turn').first().waitFor();
  }],
  ['usage', 'opened', async (page) => page.locator('#usage tbody tr').first().waitFor()],
  ['providers', 'opened', async (page) => page.getByText('None is registered').first().waitFor()],
];

// [view, step, ms]
const drivenViews = (server, records) =>
  withBrowser(async (browser) => {
    const page = await browser.newPage();
    const times = [];
    for (const [view, step, work] of kSteps) {
      if (step === 'opened') await page.goto(`${server.url}/#/${view}`);
      const begun = performance.now();
      await work(page, records > 50);
      times.push([view, step, performance.now() - begun]);
      await page.keyboard.press('Escape');
      await page.locator('dialog.sheet').waitFor({ state: 'detached' });
    }
    return times;
  });

async function measure(upstream, records) {
  const server = await Server.start({ upstream, keys: ['sk-one', 'sk-two', 'sk-three', 'sk-four'] });
  try {
    for (let n = 0; n < 10; ++n) await ask(server, n);
    await server.rows(10);
    if (records > 10) {
      server.env.PROXY_PORT = new URL(server.url).port;
      await server.restart(() => fill(`${server.folder}/proxy.sqlite3`, records));
    }
    const without = await underLoad(server);
    const withThree = await withTabs(server, () => underLoad(server));
    return { without, withThree, again: await underLoad(server), views: await drivenViews(server, records) };
  } finally {
    await server.stop();
  }
}

const percent = (part) => `${(100 * part).toFixed(2)} %`;
const upstream = await startUpstream();
try {
  console.log('| records | no tab | three tabs | no tab again | ratio | target |\n|---|---|---|---|---|---|');
  const byStep = new Map(); // "view: step" -> ms at each size
  for (const records of kSizes) {
    const { without, withThree, again, views } = await measure(upstream, records);
    for (const [view, step, ms] of views) byStep.set(`${view}: ${step}`, [...(byStep.get(`${view}: ${step}`) ?? []), ms]);
    const ratio = withThree / ((without + again) / 2);
    const verdict = ratio <= kTarget ? 'met' : 'MISSED';
    const cells = [percent(without), percent(withThree), percent(again), ratio.toFixed(2)];
    console.log(`| ${records.toLocaleString('en')} | ${cells.join(' | ')} | <= ${kTarget}x: ${verdict} |`);
  }
  console.log(`\n| view (ms) | ${kSizes.map((size) => size.toLocaleString('en')).join(' | ')} |\n|---|${'---|'.repeat(kSizes.length)}`);
  for (const [step, times] of byStep) console.log(`| ${step} | ${times.map(Math.round).join(' | ')} |`);
} finally {
  upstream.stop();
}
