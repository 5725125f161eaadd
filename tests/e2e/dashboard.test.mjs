// The dashboard in a real browser, against a started rp-server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { chromium } from 'playwright-core';

import { startPair } from './harness.mjs';

const kToken = 'e2e-admin-token-0001';
const kArguments = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

// A page that keeps what it asked for and what it complained about.
async function openDashboard(t, server) {
  const profile = mkdtempSync(join(tmpdir(), 'rp-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM, chromiumSandbox: false, args: kArguments,
  });
  t.after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });
  const page = await browser.newPage();
  const asked = [];
  const complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  return { page, asked, complaints };
}

async function ask(server, metadata) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4.1-mini', input: 'Hi', metadata }),
  });
  await response.text();
  assert.equal(response.status, 200);
  return response.headers.get('x-request-id');
}

// By the name that people see.
const resourceRow = (page, name) => page.locator('#resources tbody tr', { hasText: name });
const cells = (page, table, id) => page.locator(`#${table} tr[data-id="${id}"] td`).allTextContents();

test('resources, and a request that appears while one looks on', async (t) => {
  const { server } = await startPair(t);
  const { page, asked, complaints } = await openDashboard(t, server);
  await page.locator('#link', { hasText: 'live' }).waitFor();
  await resourceRow(page, 'openai-1').waitFor();
  assert.equal(await page.locator('#resources tbody tr').count(), 2);
  const id1 = server.idOf('sk-test-key-one');
  assert.ok((await cells(page, 'resources', id1)).includes('unknown'));
  await page.locator('#no-requests').waitFor();

  const name = '<img src=x onerror="document.title=1"> session';
  const id = await ask(server, { session_id: 's-1', session_name: name });
  await page.locator(`#requests tr[data-id="${id}"]`).waitFor();
  await page.locator(`#decisions tr[data-id="${id}"]`).waitFor();
  await page.locator('#usage tbody tr').waitFor();

  const row = await cells(page, 'requests', id);
  for (const text of [name, 'gpt-4.1-mini', '200', '11', '7']) assert.ok(row.includes(text), text);
  assert.match((await cells(page, 'decisions', id)).join(), /openai-[12],weighted least connections/);
  assert.match(row.join(), /openai-[12],/);
  const served = page.locator('#resources tbody tr', { hasText: 'healthy' });
  await served.waitFor();
  assert.equal(await page.title(), 'Responses proxy');
  assert.deepEqual(complaints, []);
  for (const url of asked) assert.ok(url.startsWith(server.url) || url.startsWith('data:'), url);
});

test('a health check on demand', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server);
  await page.click('#check');
  await page.locator('#check-result', { hasText: '2 of 2 healthy' }).waitFor();
  await page.locator('#resources .badge.good').nth(1).waitFor();
});

test('with PROXY_ADMIN_PROTECT=all it asks for the token', async (t) => {
  const env = { PROXY_ADMIN_TOKEN: kToken, PROXY_ADMIN_PROTECT: 'all' };
  const { server } = await startPair(t, { env });
  const { page } = await openDashboard(t, server);
  await page.locator('#login').waitFor();
  await page.fill('#token', 'not the token');
  await page.click('#login button');
  await page.locator('#login-problem', { hasText: 'PROXY_ADMIN_TOKEN' }).waitFor();
  assert.equal(await page.locator('#resources tbody tr').count(), 0);

  await page.fill('#token', kToken);
  await page.click('#login button');
  await page.locator('#link', { hasText: 'live' }).waitFor();
  await resourceRow(page, 'openai-2').waitFor();
  assert.equal(await page.locator('#login').isVisible(), false);

  await page.reload();
  await resourceRow(page, 'openai-2').waitFor();
});

test('it is live again when the server is back', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server);
  await page.locator('#link', { hasText: 'live' }).waitFor();
  server.env.PROXY_PORT = new URL(server.url).port;
  await server.restart();
  const id = await ask(server, {});
  await page.locator(`#decisions tr[data-id="${id}"]`).waitFor();
  await page.locator(`#requests tr[data-id="${id}"]`).waitFor();
  await page.locator('#link', { hasText: 'live' }).waitFor();
});

test('the page of the API shows every path', async (t) => {
  const { server } = await startPair(t);
  const { page, complaints } = await openDashboard(t, server);
  await page.goto(`${server.url}/docs`);
  await page.locator('summary', { hasText: '/admin/events' }).waitFor();
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
  const shown = await page.locator('summary .mono').allTextContents();
  for (const path of Object.keys(paths)) assert.ok(shown.includes(path), path);
  assert.deepEqual(complaints, []);
});
