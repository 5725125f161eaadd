// rp-server deploy against a scripted Morph Cloud, with an `ssh` that copies into a folder.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, startPair } from './harness.mjs';
import { Morph } from './scripted_morph.mjs';

const kKey = 'morph-key-of-the-test';
const kSecrets = {
  OPENAI_API_KEY_1: 'sk-first-key-of-the-test',
  PROXY_DATABASE_URL: 'postgresql://app:password-of-the-test@db.example/proxy?sslmode=require',
};
const kSettings = { MORPH_API_KEY: kKey, MORPH_BUILDER_SNAPSHOT_ID: 'snapshot_builder', ...kSecrets };

// { code, output } of `rp-server deploy`. `folder`: of the programs that come first in PATH.
async function deploy(args, env, folder = '') {
  const child = new Child(binary('RP_SERVER'), ['deploy', ...args], {
    env: { PATH: `${folder}:${process.env.PATH}`, ...env },
  });
  // Packing a program with all of its debug information is silent, and takes its time.
  let printed = '';
  for (let next; !(next = await child.lines.next()).done; ) printed += `${next.value}\n`;
  return { code: await child.exited, output: printed + child.output };
}

// What is written to paths on the instance lands beside it: /opt/rp-server/x -> folder/x.
function fakeSsh(t) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-ssh-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'ssh'), `#!/usr/bin/env bash
echo "$@" >>${folder}/calls
script=\${@: -1}
cat >"${folder}/\${script##*/}"
`);
  chmodSync(join(folder, 'ssh'), 0o755);
  return folder;
}

const hasNoSecret = (text) => {
  for (const secret of [kKey, kSecrets.OPENAI_API_KEY_1, 'password-of-the-test']) {
    assert.ok(!text.includes(secret), `${secret} is told`);
  }
};

test('a dry run checks everything, prints the plan and contacts nobody', async () => {
  const { code, output } = await deploy(['--dry-run'], { ...kSettings, MORPH_BASE_URL: 'http://127.0.0.1:1/api' });
  assert.equal(code, 0, output);
  assert.match(output, /start from +the snapshot snapshot_builder/);
  assert.match(output, /PROXY_DATABASE_URL=postgresql:\/\/app:\*\*\*@db\.example\/proxy/);
  assert.match(output, /agent-responses-proxy\.svc\.cloud\.morph\.so/);
  assert.match(output, /warning: PROXY_ADMIN_TOKEN is not set/);
  hasNoSecret(output);
});

test('everything that is missing is told at once', async () => {
  const { code, output } = await deploy(['--dry-run', '--stage', 'stage'], {});
  assert.equal(code, 2);
  for (const name of ['MORPH_API_KEY_STAGE', 'MORPH_BASE_IMAGE_ID', 'PROXY_DATABASE_URL', 'OPENAI_API_KEY_1']) {
    assert.match(output, new RegExp(`error: .*${name}`));
  }
});

test('the program, its libraries and the settings arrive, and it serves', async (t) => {
  const { server } = await startPair(t);
  const morph = await Morph.start(t, { key: kKey, serviceUrl: server.url });
  const folder = fakeSsh(t);
  const env = { ...kSettings, MORPH_BASE_URL: morph.url, MORPH_SSH_HOST: 'ssh.example', PROXY_MAX_ATTEMPTS: '5' };
  const { code, output } = await deploy([], env, folder);
  assert.equal(code, 0, output);
  assert.ok(output.includes(`serving at ${server.url}`));
  assert.match(output, /Done outside: the route/);
  hasNoSecret(output);
  hasNoSecret(JSON.stringify(morph.scripts));

  const [instance] = morph.instances.values();
  assert.equal(instance.refs.snapshot_id, 'snapshot_builder');
  assert.equal(instance.metadata.state, 'serving');
  assert.equal(instance.ttl.ttl_seconds, null);
  assert.equal(instance.wake_on.wake_on_http, true);
  const [{ name, port, auth_mode: mode }] = instance.networking.http_services;
  assert.deepEqual([name, port, mode], ['rp', 8000, 'none']);

  assert.match(readFileSync(join(folder, 'calls'), 'utf8'), new RegExp(`${instance.id}@ssh.example`));
  const settings = readFileSync(join(folder, 'environment'), 'utf8');
  assert.ok(settings.includes('OPENAI_API_KEY_1="sk-first-key-of-the-test"\n'));
  assert.ok(settings.includes('PROXY_HOST="0.0.0.0"\n'));
  assert.ok(settings.includes('PROXY_MAX_ATTEMPTS="5"\n'));
  assert.ok(!settings.includes('MORPH'));

  // The instance unpacks what has this sum, and starts it so: it runs without any library of this machine.
  const bundle = join(folder, 'bundle.tar.gz');
  const sum = createHash('sha256').update(readFileSync(bundle)).digest('hex');
  const unpack = morph.scripts.find((script) => script.includes(sum));
  assert.ok(unpack, 'the sum of the bundle is checked');
  const there = join(folder, 'there');
  mkdirSync(there);
  execFileSync('cp', [bundle, there]);
  const printed = execFileSync('sh', ['-c', unpack.replaceAll('/opt/rp-server', there)], { encoding: 'utf8' });
  assert.match(printed, /^\d+\.\d+\.\d+/);
  const loader = execFileSync('sh', ['-c', `ls ${there}/files/ld-*`], { encoding: 'utf8' }).trim();
  const needed = execFileSync(loader, ['--library-path', `${there}/files`, '--list', `${there}/files/rp-server`], {
    encoding: 'utf8',
  });
  for (const line of needed.trim().split('\n')) {
    if (line.includes('=>')) assert.ok(line.includes(`${there}/files/`), line);
  }
});

test('the same again changes nothing; other settings replace the instance', async (t) => {
  const { server } = await startPair(t);
  const morph = await Morph.start(t, { key: kKey, serviceUrl: server.url });
  const folder = fakeSsh(t);
  const env = { ...kSettings, MORPH_BASE_URL: morph.url };
  assert.equal((await deploy([], env, folder)).code, 0);
  const [first] = morph.instances.keys();
  morph.calls = [];
  const again = await deploy([], env, folder);
  assert.equal(again.code, 0, again.output);
  assert.deepEqual(morph.calls, ['GET /instance']);
  const other = await deploy([], { ...env, PROXY_MAX_ATTEMPTS: '2' }, folder);
  assert.equal(other.code, 0, other.output);
  assert.equal(morph.instances.size, 1);
  assert.ok(!morph.instances.has(first));
});

test('a failure deletes the new instance, leaves the old one, and is told', async (t) => {
  const { server } = await startPair(t);
  const morph = await Morph.start(t, { key: kKey, serviceUrl: server.url });
  const folder = fakeSsh(t);
  const env = { ...kSettings, MORPH_BASE_URL: morph.url };
  assert.equal((await deploy([], env, folder)).code, 0);
  const [old] = morph.instances.keys();
  morph.refuse.set('POST /instance/*/http', [409, { detail: 'state does not allow it' }]);
  const { code, output } = await deploy([], { ...env, PROXY_MAX_ATTEMPTS: '2' }, folder);
  assert.equal(code, 1);
  assert.match(output, /error: POST .*\/http: HTTP 409: state does not allow it/);
  assert.deepEqual([...morph.instances.keys()], [old]);
  hasNoSecret(output);
});

test('a wrong key is told without the key', async (t) => {
  const morph = await Morph.start(t, { key: 'another', serviceUrl: '' });
  const { code, output } = await deploy([], { ...kSettings, MORPH_BASE_URL: morph.url });
  assert.equal(code, 1);
  assert.match(output, /HTTP 401: Invalid API key/);
  hasNoSecret(output);
});
