// A PostgreSQL server of the test's own, with an empty database.
import assert from 'node:assert/strict';

import { binary, Child, withDeadline } from './harness.mjs';

export class Postgres {
  static async start(t) {
    const postgres = new Postgres();
    postgres.child = new Child(binary('RP_PRIVATE_POSTGRES'), []);
    t.after(async () => {
      postgres.child.process.stdin.end();
      assert.equal(await withDeadline(postgres.child.exited, 'PostgreSQL to stop'), 0);
    });
    const url = await postgres.child.line(/^postgresql:/);
    assert.ok(url, postgres.child.output);
    postgres.url = url.input;
    return postgres;
  }

  // stop (at once, as after a crash), start, freeze, thaw or erase.
  async tell(command) {
    this.child.process.stdin.write(`${command}\n`);
    assert.equal((await this.child.line(/^(done|failed)/))?.[1], 'done', this.child.output);
  }

  async #answer(command) {
    this.child.process.stdin.write(`${command}\n`);
    const line = await this.child.line(/^("|failed)/);
    assert.equal(line?.[1], '"', this.child.output);
    await this.child.line(/^done$/);
    return JSON.parse(line.input);
  }
  async sql(statement) {
    return (await this.#answer(`sql ${statement}`)).trim();
  }
  // What pg_dump writes.
  async dump() {
    return this.#answer('dump');
  }

  // The password as it is written in the URL, and as it is meant.
  get secrets() {
    const { password } = new URL(this.url);
    return [password, decodeURIComponent(password)];
  }
}
