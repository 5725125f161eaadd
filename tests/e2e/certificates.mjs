// Certificates for tests, made by openssl.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kNewKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export function openssl(...args) {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

export class Authority {
  constructor(folder, name) {
    this.folder = folder;
    this.file = join(folder, `${name}-ca.pem`);
    this.key = join(folder, `${name}-ca.key`);
    openssl('req', '-x509', ...kNewKey, '-nodes', '-keyout', this.key, '-out', this.file,
      '-subj', `/CN=${name}`, '-days', '2');
  }

  // Files { cert, key } of a certificate for 127.0.0.1 and localhost; days: may be over already.
  sign(name, { days = 2 } = {}) {
    const file = (ending) => join(this.folder, `${name}.${ending}`);
    openssl('req', '-new', ...kNewKey, '-nodes', '-keyout', file('key'), '-out', file('csr'),
      '-subj', `/CN=${name}`);
    writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('x509', '-req', '-in', file('csr'), '-CA', this.file, '-CAkey', this.key,
      '-days', String(days), '-extfile', file('ext'), '-out', file('pem'));
    return { cert: file('pem'), key: file('key') };
  }
}
