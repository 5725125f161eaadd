// A redis-server of the test's own: on a Unix socket in a temporary folder, without persistence.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Child, eventually, withDeadline } from './harness.mjs';

export class Redis {
  static async start(t) {
    const redis = new Redis();
    redis.folder = mkdtempSync(join(tmpdir(), 'rp-redis-'));
    redis.socket = join(redis.folder, 'socket');
    t.after(async () => {
      await redis.kill();
      rmSync(redis.folder, { recursive: true, force: true });
    });
    await redis.launch();
    return redis;
  }

  get url() {
    return `unix://${this.socket}`;
  }

  // Empty; ready when it returns.
  async launch() {
    const settings = ['--port', '0', '--unixsocket', this.socket, '--save', '', '--dir', this.folder];
    this.child = new Child('redis-server', settings);
    assert.ok(await this.child.line(/Ready to accept connections|ready to accept connections/));
    await eventually('Redis to answer', () => this.command('PING') === 'PONG');
  }

  // kill -9
  async kill() {
    this.child.process.kill('SIGKILL');
    await withDeadline(this.child.exited, 'Redis to die');
  }

  command(...words) {
    return execFileSync('redis-cli', ['-s', this.socket, ...words], { encoding: 'utf8' }).trim();
  }
}
