// docs/getting-started.md, from top to bottom: each command and each program as it stands there, against a server that is
// started as `make run` starts it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Child, Server, withDeadline } from './harness.mjs';

const kRoot = new URL('../..', import.meta.url).pathname;
const kPort = 'http://127.0.0.1:8000'; // in the document
const kDemo = /demo/i; // what the demo upstream answers says so

// [{ language, text }] of the fenced blocks that a reader is to run
function blocks(document) {
  return [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
}

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

test('every command of the page does what it says', async (t) => {
  const all = blocks(readFileSync(join(kRoot, 'docs/getting-started.md'), 'utf8'));
  const [start, ...rest] = all;
  assert.equal(start.text, 'make run\n');
  const recipe = readFileSync(join(kRoot, 'Makefile'), 'utf8').match(/^run:.*\n(\t.*\n)+/m)[0];
  const args = recipe.match(/rp-server (--.*)$/m)[1].split(' ');
  const server = await Server.start({ keys: [], args });
  const folder = mkdtempSync(join(tmpdir(), 'rp-started-'));
  t.after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = {};
  const printed = [];
  for (const { language, text } of rest) {
    const here = { language, text: text.replaceAll(kPort, server.url) };
    const exported = here.text.match(/^export (\w+)=(.*)$/m);
    if (exported) env[exported[1]] = exported[2];
    printed.push(await run(here, folder, env));
  }
  assert.deepEqual(
    rest.map(({ language }) => language),
    ['sh', 'sh', 'sh', 'sh', 'python', 'js', 'sh', 'sh'],
  );
  const [json, headers, stream, , python, node, session, seen] = printed;
  const answer = JSON.parse(json);
  assert.equal(answer.object, 'response');
  assert.equal(answer.output[0].content[0].text, 'it works');
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
