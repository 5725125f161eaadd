// A headless Chromium with a profile of its own, closed at the end of test `t`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const kArguments = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// options: as Playwright's, for the context that all pages are in
export async function startBrowser(t, { args = [], ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'rp-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    chromiumSandbox: false,
    args: [...kArguments, ...args],
    ...options,
  });
  t.after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });
  return browser;
}

// The dashboard in a page that keeps what it asked for and what it complained about.
export async function openDashboard(t, server, { view = '', ...options } = {}) {
  const browser = await startBrowser(t, options);
  const page = await browser.newPage();
  const asked = [];
  const complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${server.url}/${view}`);
  return { browser, page, asked, complaints };
}
