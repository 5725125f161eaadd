// The commands of README.md and docs/: each is run here, or by the test that is named for it. docs/getting-started.md is
// followed from top to bottom, as it stands there.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, Server, withDeadline } from './harness.mjs';

const kRoot = new URL('../..', import.meta.url).pathname;
const kLocal = 'http://127.0.0.1:8000'; // in the documents
const kDemo = /demo/i; // what the demo upstream answers says so
const read = (path) => readFileSync(join(kRoot, path), 'utf8');

// [{ language, text }] of the fenced blocks that a reader is to run
const blocks = (document) =>
  [...document.matchAll(/^```(sh|python|js)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));

// What it printed. A Node program finds its packages beside this file.
async function run({ language, text }, folder, env) {
  const commands = {
    sh: ['bash', ['-euc', text]],
    python: [process.env.PYTHON, ['-c', text]],
    js: [process.execPath, ['--input-type=module', '-e', text]],
  };
  const [program, args] = commands[language];
  const child = new Child(program, args, { env, cwd: language === 'js' ? join(kRoot, 'tests/e2e') : folder });
  let printed = '';
  for (let line; (line = await child.line()) !== undefined; ) printed += `${line.input}\n`;
  assert.equal(await withDeadline(child.exited, text), 0, `${text}\n${child.output}`);
  return printed;
}

function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), 'rp-documents-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// As `make run` starts it, which the Makefile says.
async function startAsMakeDoes(t) {
  const recipe = read('Makefile').match(/^run:.*\n(\t.*\n)+/m)[0];
  const server = await Server.start({ keys: [], args: recipe.match(/rp-server (--.*)$/m)[1].split(' ') });
  t.after(() => server.stop());
  return server;
}

test('getting started: every command does what the page says', async (t) => {
  const [start, ...rest] = blocks(read('docs/getting-started.md'));
  assert.equal(start.text, 'make run\n');
  const server = await startAsMakeDoes(t);
  const folder = folderFor(t);

  const env = {};
  const printed = [];
  for (const { language, text } of rest) {
    const here = { language, text: text.replaceAll(kLocal, server.url) };
    const exported = here.text.match(/^export (\w+)=(.*)$/m);
    if (exported) env[exported[1]] = exported[2];
    printed.push(await run(here, folder, env));
  }
  assert.deepEqual(
    rest.map(({ language }) => language),
    ['sh', 'sh', 'sh', 'sh', 'python', 'js', 'sh', 'sh'],
  );
  const [json, headers, stream, , python, node, session, seen] = printed;
  assert.equal(JSON.parse(json).output[0].content[0].text, 'it works');
  assert.match(headers, /^x-proxy-resource-id: \S+/im);
  assert.match(headers, /^x-proxy-decision: \S+/im);
  assert.match(stream, /^event: response\.created$/m);
  assert.match(stream, /^event: response\.completed$/m);
  for (const lines of [python, node]) {
    const said = lines.trim().split('\n');
    assert.equal(said.length, 3, lines);
    for (const line of said) assert.match(line, kDemo);
  }
  assert.equal(JSON.parse(session).status, 'completed');
  const [requests, sessions, state] = seen.trim().replaceAll('}{', '}\n{').split('\n').map(JSON.parse);
  assert.equal(requests.data.length, 5);
  assert.equal(sessions.session.session_id, 'build-42');
  assert.equal(sessions.turns.length, 1);
  assert.deepEqual(state.wrong, []);
});

// How the other blocks are run, by what they say. The first that fits counts.
const kHow = [
  [/^make run$/, 'server'], // above
  [/^OPENAI_API_KEYS=\S+ make run$/, 'settings'],
  [/^(export (OPENAI|PROXY)_\w+=.*\n?)+$/, 'settings'],
  [/^export PATH=/, 'path'],
  [/^rp-server check-config( && rp-server)?$/, 'settings'],
  [/^curl -sS http:\/\/127\.0\.0\.1:8000\/v1\/responses/, 'server'],
  [/RESPONSES_PROXY_BASE_URL/, 'tests/e2e/troubleshooting.test.mjs'],
  [/^rp-server codex run/, 'tests/e2e/codex_catalog.test.mjs'],
  [/^codex debug models --bundled/, 'tests/e2e/codex_catalog.test.mjs'],
  [/^codex \\\n {2}-c model_provider=/, 'tests/e2e/codex.test.mjs'],
  [/^export RESPONSES_PROXY_KEY=\S+\ncodex exec/, 'tests/e2e/codex.test.mjs'],
  [/^MORPH_API_KEY=[\s\S]*rp-server deploy --dry-run$/, 'tests/e2e/deploy.test.mjs'],
  // Backup and restore.
  [/^(sqlite3 data|rm -f data|pg_dump|pg_restore) ?/, 'tests/e2e/maintenance.test.mjs'],
  // Change the machine; what they install is unpacked, looked at and started there.
  [/^make package\nsudo apt install/, 'tests/package/run'],
  [/^sudo (apt|editor|systemctl|install) /, 'tests/package/run'],
  // Want an engine or a cluster; what they read is checked there.
  [/^docker (build|ps)|^deploy\/try-container$/, 'tests/e2e/entrypoint.test.mjs'],
  [/docker compose -f deploy\/compose\.yaml|^kubectl/, 'tests/e2e/manifests.test.mjs'],
];

test('every command of the documents is run by a test', async (t) => {
  const server = await startAsMakeDoes(t);
  const folder = folderFor(t);
  const documents = ['README.md', ...readdirSync(join(kRoot, 'docs')).map((name) => `docs/${name}`)];
  const path = `${dirname(binary('RP_SERVER'))}:${process.env.PATH}`;
  let found = 0;
  for (const document of documents.filter((name) => name.endsWith('.md') && !name.includes('getting-started'))) {
    for (const { text } of blocks(read(document)).filter(({ language }) => language === 'sh')) {
      const block = text.trim();
      const [, how] = kHow.find(([pattern]) => pattern.test(block)) ?? [];
      assert.ok(how, `${document}: no test runs\n${block}`);
      ++found;
      if (how === 'server' && block !== 'make run') {
        const answer = await run({ language: 'sh', text: block.replaceAll(kLocal, server.url) }, folder, {});
        assert.equal(JSON.parse(answer).output[0].content[0].text, 'it works');
      } else if (how === 'settings') {
        const settings = block.replace('make run', 'rp-server check-config').replace('&& rp-server', '');
        const script = /check-config/.test(settings) ? settings : `${settings}\nrp-server check-config`;
        assert.match(await run({ language: 'sh', text: script }, folder, { PATH: path }), /PROXY_PORT/);
      } else if (how.startsWith('tests/')) {
        assert.ok(existsSync(join(kRoot, how)), how);
      }
    }
  }
  assert.ok(found > 20, `${found} blocks`);
});
