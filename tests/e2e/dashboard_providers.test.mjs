// Providers and aliases, registered in the dashboard in a real browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDashboard } from './browser.mjs';
import { startPair } from './harness.mjs';

const kToken = 'e2e-admin-token-0001';
const kEncryptionKey = Buffer.alloc(32, 7).toString('base64');

async function ask(server, model) {
  const response = await fetch(`${server.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'Hi' }),
  });
  return { status: response.status, text: await response.text() };
}

const line = (page, table, id) => page.locator(`#${table} tr[data-id="${id}"]`);
const press = (where, name) => where.getByRole('button', { name, exact: true }).click();

test('a provider from a preset: tested, created, used through an alias, disabled, deleted', async (t) => {
  const env = { PROXY_ADMIN_TOKEN: kToken, PROXY_SECRET_ENCRYPTION_KEY: kEncryptionKey };
  const { upstream, server } = await startPair(t, { env });
  const { page, complaints } = await openDashboard(t, server, { view: '#/providers' });
  await page.locator('#login').waitFor();
  await page.fill('#token', kToken);
  await page.keyboard.press('Enter');
  await page.getByText('None is registered: requests go to the keys').waitFor();

  await page.click('#new-provider');
  const sheet = page.locator('dialog.sheet');
  await sheet.locator('[name="preset"]').selectOption({ label: 'OpenAI' });
  assert.equal(await sheet.locator('[name="id"]').inputValue(), 'openai-main');
  await sheet.locator('[name="base_url"]').fill(upstream.baseUrl);
  await sheet.locator('[name="keys"]').fill('sk-registered-9876');
  await press(sheet, 'Test');
  await sheet.locator('.report[data-ok="true"]').waitFor();
  await press(sheet, 'Create');
  await line(page, 'providers', 'openai-main').getByText('routed', { exact: true }).waitFor();
  assert.match(await line(page, 'providers', 'openai-main').innerText(), /…9876/);

  await page.click('#new-model');
  await sheet.locator('[name="alias"]').fill('team/mini');
  await sheet.locator('[name="upstream_id"]').fill('gpt-4.1-mini');
  await press(sheet, 'Test the first target');
  await sheet.locator('.report[data-ok="true"]').waitFor();
  await press(sheet, 'Create');
  await line(page, 'models', 'team/mini').getByText('routed', { exact: true }).waitFor();
  assert.equal((await ask(server, 'team/mini')).status, 200);
  assert.equal(JSON.parse((await upstream.requests()).at(-1).body).model, 'gpt-4.1-mini');

  await press(line(page, 'models', 'team/mini'), 'Test');
  await sheet.locator('.report[data-ok="true"]').waitFor();
  await page.keyboard.press('Escape');
  await line(page, 'providers', 'openai-main').locator('button.open').click();
  await sheet.locator('[name="weight"]').fill('2');
  await press(sheet, 'Save');
  await sheet.waitFor({ state: 'detached' });
  await line(page, 'models', 'team/mini').locator('button.open').click();
  await sheet.locator('[name="display_name"]').fill('The small one');
  await press(sheet, 'Save');
  await sheet.waitFor({ state: 'detached' });
  const registered = async (path) =>
    (await fetch(`${server.url}/admin/${path}`, { headers: { authorization: `Bearer ${kToken}` } })).json();
  const provider = await registered('providers/openai-main');
  assert.equal(provider.weight, 2);
  assert.match(JSON.stringify(provider), /9876/); // the key is the one it was
  assert.equal((await registered('models/team/mini')).display_name, 'The small one');
  assert.equal((await ask(server, 'team/mini')).status, 200);
  await press(line(page, 'providers', 'openai-main'), 'Disable');
  await line(page, 'providers', 'openai-main').getByText('disabled', { exact: true }).waitFor();
  assert.notEqual((await ask(server, 'team/mini')).status, 200);
  await press(line(page, 'providers', 'openai-main'), 'Enable');
  await line(page, 'providers', 'openai-main').getByText('routed', { exact: true }).waitFor();
  assert.equal((await ask(server, 'team/mini')).status, 200);

  await page.click('#reload');
  await page.locator('#notes', { hasText: '1 provider, 1 alias' }).waitFor();
  for (const [table, id] of [
    ['models', 'team/mini'],
    ['providers', 'openai-main'],
  ]) {
    await press(line(page, table, id), 'Delete');
    await press(sheet, 'Delete');
    await line(page, table, id).waitFor({ state: 'detached' });
  }
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  );
});

test('what is wrong with a provider is told by field', async (t) => {
  const { server } = await startPair(t, { env: { PROXY_SECRET_ENCRYPTION_KEY: kEncryptionKey } });
  const { page } = await openDashboard(t, server, { view: '#/providers' });
  await page.click('#new-provider');
  const sheet = page.locator('dialog.sheet');
  await sheet.locator('[name="id"]').fill('wrong');
  await sheet.locator('[name="base_url"]').fill('ftp://x.test/v1');
  await press(sheet, 'Create');
  await sheet.locator('li', { hasText: 'base_url: ' }).waitFor();
  await sheet.locator('[name="config"]').fill('{');
  await press(sheet, 'Create');
  await sheet.getByText('Configuration is no valid JSON.').waitFor();
});

test('a server without a registry: the view says so', async (t) => {
  const { server } = await startPair(t);
  const { page } = await openDashboard(t, server);
  await page.route('**/admin/providers*', (route) =>
    route.fulfill({
      status: 404,
      json: { error: { message: 'There is no such path.', code: 'unknown_path' } },
    }),
  );
  await page.locator('#views a[href="#/providers"]').click();
  await page.locator('#no-registry', { hasText: 'no endpoints for providers' }).waitFor();
});
