// The commands of README.md and docs/: each is run here, or by the test that is named for it; what wants an engine or a
// cluster is told to be untried on its page. docs/getting-started.md is followed from top to bottom, as it stands there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { binary, Child, Server, withDeadline } from './harness.mjs';
import { Redis } from './private_redis.mjs';

const kRoot = new URL('../..', import.meta.url).pathname;
const kLocal = 'http://127.0.0.1:8000'; // in the documents
const kWithKeys = /^OPENAI_API_KEYS=\S+ make run$/m;
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
async function startAsMakeDoes(t, env = {}) {
  const recipe = read('Makefile').match(/^run:.*\n(\t.*\n)+/m)[0];
  const server = await Server.start({ keys: [], env, args: recipe.match(/rp-server (--.*)$/m)[1].split(' ') });
  t.after(() => server.stop());
  return server;
}

test('getting started: every command does what the page says', async (t) => {
  const [start, withKeys, ...rest] = blocks(read('docs/getting-started.md'));
  assert.equal(start.text, 'make run\n');
  assert.match(withKeys.text, kWithKeys); // below
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

// A value for each setting that a page leaves out ("NAME=...").
const kLeftOut = {
  MORPH_API_KEY: 'morph-key-of-the-test', MORPH_BUILDER_SNAPSHOT_ID: 'snapshot_1', OPENAI_API_KEY_1: 'sk-first-of-the-test',
  PROXY_DATABASE_URL: 'postgresql://app:password@db.example/proxy',
};

// Ways to run a block: each is given it with this test's address in it.
const kRun = {
  async request(script, { sh }) {
    assert.equal(JSON.parse(await sh(script)).output[0].content[0].text, 'it works');
  },
  async list(script, { sh }) {
    assert.ok(Array.isArray(JSON.parse(await sh(script)).data));
  },
  async events(script, { sh, server }) {
    const url = { URL: server.url };
    assert.match(await sh(`${script.replace('curl -N', 'curl -sN --max-time 2')} || test $? = 28`, url), /^event: state$/m);
  },
  async registering(script, { sh }) {
    assert.match(await sh(script.replaceAll('curl ', 'curl -fsS ')), /"alias":"kimi\/k2"/);
  },
  async settings(block, { sh }) {
    const settings = block.replace('make run', 'rp-server check-config').replace('&& rp-server', '');
    const script = /check-config/.test(settings) ? settings : `${settings}\nrp-server check-config`;
    assert.match(await sh(script), /PROXY_PORT/);
  },
  async path() {}, // of the build that is tried here
  async records(script, { sh, folder }) {
    mkdirSync(join(folder, 'data'), { recursive: true });
    await sh(`PROXY_SQLITE_URL=sqlite:///data/proxy.sqlite3 rp-server migrate\n${script}`);
  },
  async redis(script, { sh, redis }) {
    assert.equal(await sh(script.replace('redis-cli', `redis-cli -s ${redis.socket}`)), '\n');
  },
  async deployment(script, { sh }) {
    const whole = script.replaceAll(/(\w+)=\.\.\./g, (_, name) => `${name}=${kLeftOut[name]}`);
    assert.match(await sh(whole, { MORPH_BASE_URL: 'http://127.0.0.1:1' }), /start from +the snapshot snapshot_1/);
  },
  async bundled(script, { sh, codex }) {
    if (!codex) return;
    assert.match(await sh(`${script}\nhead -c 20 "$MODEL_CATALOG_JSON"`, codex), /"models"/);
  },
  async codex(script, { sh, codex }) {
    if (!codex) return;
    const turn = /\bexec\b/.test(script) ? script : `${script} \\
  exec --skip-git-repo-check "Reply with exactly: hello"`;
    const [, asked] = turn.match(/exactly: ([^"]+)"/);
    assert.ok((await sh(turn.includes('</dev/null') ? turn : `${turn} </dev/null`, codex)).includes(asked), turn);
  },
};

// How the blocks are run, by what they say; the first that fits counts. A way of kRun, or the test that runs it and
// what that has of the command, or `untried`: the page says so.
const kUntried = 'untried';
const kHow = [
  [/^make run$/, 'path'], // above
  [kWithKeys, 'settings'],
  [/^export URL=\S+\ncurl "\$URL\/admin\/requests/, 'list'],
  [/^curl -N "\$URL\/admin\/events"$/, 'events'],
  [/^export URL=[^]*\/admin\/providers[^]*\/admin\/models/, 'registering'],
  [/^(export (OPENAI|PROXY)_\w+=.*\n?)+$/, 'settings'],
  [/^export (PATH|RESPONSES_PROXY_(KEY|BASE_URL))=\S+$/, 'path'],
  [/^rp-server check-config( && rp-server)?$/, 'settings'],
  [/^curl -sS http:\/\/127\.0\.0\.1:8000\/v1\/responses/, 'request'],
  [/RESPONSES_PROXY_BASE_URL/, 'tests/e2e/troubleshooting.sh', /^curl .*$/gm],
  [/^codex debug models --bundled/, 'bundled'],
  [/^(rp-server codex run|codex \\\n|export RESPONSES_PROXY_KEY=\S+\ncodex exec)/, 'codex'],
  [/^MORPH_API_KEY=[\s\S]*rp-server deploy --dry-run$/, 'deployment'],
  [/^rp-server worker$/, 'tests/e2e/workers.test.mjs', /worker/g],
  [/^redis-cli XRANGE/, 'redis'],
  [/^sqlite3 data\/proxy.sqlite3 "(UPDATE .*|VACUUM)"$/, 'records'],
  [/^RP_SIM_SEED=/, 'tests/sim/exchange_sim.cpp', /RP_SIM_SEED/g],
  // Backup and restore: that test takes them from the page.
  [/^(sqlite3 data|rm -f data|pg_dump|pg_restore) ?/, 'tests/e2e/maintenance.test.mjs', ['### Backup and restore']],
  // Change the machine; what they install is unpacked, looked at and started there.
  [/^make package\nsudo apt install/, 'tests/package/run', /rp-server/g],
  [/^sudo (apt|editor|systemctl) /, 'tests/package/run', /\/etc\/default\/rp-server/g],
  [/^sudo install /, 'tests/e2e/manifests.test.mjs', /rp-server\.(service|socket)/g],
  // Want an engine or a cluster.
  [/^docker (build|ps)|^deploy\/try-container$|docker compose -f deploy\/compose\.yaml|kubectl/, kUntried],
];

// The commands that stand in the text, or indented.
const kCommands = 'curl|rp-server|make|sqlite3|redis-cli|codex|docker|kubectl|install|systemctl|sudo|(bench|build|scripts)/\\S+';
const withoutFences = (page) => page.replaceAll(/^```[^]*?^```$/gm, '');
const indented = (page) => withoutFences(page).match(new RegExp(`^ {4}([A-Z_]+=\\S+ )*(${kCommands}) .*$`, 'gm')) ?? [];
const inline = (page) => [...withoutFences(page).matchAll(/`((?:rp-server|make) [a-z-]+[^`]*)`/g)].map((match) => match[1]);

const pages = () => {
  const all = ['README.md', ...readdirSync(join(kRoot, 'docs')).map((name) => `docs/${name}`)];
  return all.filter((name) => name.endsWith('.md'));
};

// Where Codex keeps its settings: those that `rp-server codex config` prints. undefined: there is no Codex.
async function codexEnvironment(folder, sh, server) {
  if (!process.env.CODEX) return undefined;
  const port = { PROXY_PORT: new URL(server.url).port };
  writeFileSync(join(folder, 'config.toml'), await sh('rp-server codex config', port));
  return { ...port, HOME: folder, CODEX_HOME: folder, OPENAI_API_KEY: 'unused' };
}

test('every command of the documents is run by a test', async (t) => {
  const keys = { PROXY_ADMIN_TOKEN: 'token-of-the-operators', PROXY_SECRET_ENCRYPTION_KEY: Buffer.alloc(32, 'a').toString('base64') };
  const server = await startAsMakeDoes(t, keys);
  const folder = folderFor(t);
  const codexFolder = process.env.CODEX ? `${dirname(process.env.CODEX)}:` : '';
  const path = { PATH: `${dirname(binary('RP_SERVER'))}:${codexFolder}${process.env.PATH}` };
  const sh = (text, env = {}) => run({ language: 'sh', text }, folder, { ...path, ...env });
  const tools = { sh, server, folder, redis: await Redis.start(t), codex: await codexEnvironment(folder, sh, server) };
  let found = 0;
  for (const document of pages()) {
    for (const { text } of blocks(read(document)).filter(({ language }) => language === 'sh')) {
      const block = text.trim();
      if (document.endsWith('getting-started.md') && !/make run$/.test(block)) continue; // above
      const [, how, words] = kHow.find(([pattern]) => pattern.test(block)) ?? [];
      assert.ok(how, `${document}: no test runs\n${block}`);
      ++found;
      if (how === kUntried) {
        assert.match(read(document), /[Nn]ot (been )?run|docker ps/, `${document} does not say that it is untried:\n${block}`);
      } else if (kRun[how]) {
        await kRun[how](block.replaceAll(kLocal, server.url), tools);
      } else {
        const essential = Array.isArray(words) ? words : (block.match(words) ?? []);
        assert.ok(essential.length > 0, `${document}: what is essential of\n${block}`);
        for (const word of essential) assert.ok(read(how).includes(word), `${how} does not have ${word} of ${document}`);
      }
    }
  }
  assert.ok(found > 30, `${found} blocks`);
});

test('commands in the text are there: targets, subcommands and their options', async (t) => {
  const help = (words) => execFileSync(binary('RP_SERVER'), [...words, '--help'], { encoding: 'utf8' });
  const targets = new Set([...read('Makefile').matchAll(/^([\w-]+(?: [\w-]+)*):/gm)].flatMap((match) => match[1].split(' ')));
  const makes = (command, document) => {
    const target = command.match(/^make ([\w-]+)/)[1];
    assert.ok(targets.has(target), `${document}: ${command}`);
  };
  let found = 0;
  for (const document of pages()) {
    for (const line of indented(read(document)).map((text) => text.trim())) {
      ++found;
      if (line.startsWith('make ')) {
        makes(line, document);
      } else {
        const script = line.match(/^bench\/\S+/)?.[0];
        assert.ok(script && existsSync(join(kRoot, script)), `${document}: in a block of its own (\`\`\`sh) a test runs it:\n${line}`);
        for (const option of line.match(/--[\w-]+/g) ?? []) assert.ok(read(script).includes(option), `${document}: ${line}`);
      }
    }
    for (const command of inline(read(document))) {
      if (/^rp-server (listening|worker worker-)/.test(command)) continue; // what it prints
      ++found;
      if (command.startsWith('make ')) {
        makes(command, document);
        continue;
      }
      const words = command.split(' ').slice(1);
      const subcommands = words.slice(0, words[0] === 'codex' && /^[a-z]+$/.test(words[1]) ? 2 : 1);
      const told = help(subcommands);
      for (const option of command.split(' -- ')[0].match(/--[\w-]+/g) ?? []) assert.ok(told.includes(option), `${document}: ${command}`);
    }
  }
  assert.ok(found > 30, `${found} commands`);
  // In a list of steps.
  assert.ok(read('docs/providers.md').includes('`rp-server migrate --reencrypt`'));
  const key = (letter) => Buffer.alloc(32, letter).toString('base64');
  const env = { PROXY_SECRET_ENCRYPTION_KEY: `${key('b')},${key('a')}`, PROXY_SQLITE_URL: `sqlite:///${folderFor(t)}/records` };
  execFileSync(binary('RP_SERVER'), ['migrate', '--reencrypt'], { env });
});
