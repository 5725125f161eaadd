// A WebSocket client for text messages, over node:http: node 18 and 20 have none of their own.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';

import { withDeadline } from './harness.mjs';

const kText = 1;
const kClose = 8;
const kPing = 9;
const kPong = 10;

function frame(opcode, payload) {
  const head = payload.length < 126 ? [0x80 | opcode, 0x80 | payload.length]
    : [0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff];
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}

// The first whole frame in `bytes`; of the lengths a server of these tests uses.
function firstFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let at = 2;
  let length = bytes[1] & 0x7f;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + length) return undefined;
  const payload = bytes.subarray(at, at + length);
  return { opcode: bytes[0] & 0x0f, payload, rest: bytes.subarray(at + length) };
}

export class WebSocketClient {
  // `status` is 101, or that of the refusal.
  static async open(url, headers = {}) {
    const client = new WebSocketClient();
    const handshake = request(url.replace(/^ws/, 'http'), {
      headers: {
        connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'), ...headers,
      },
    });
    handshake.end();
    const answered = new Promise((resolve, reject) => {
      handshake.on('error', reject);
      handshake.on('upgrade', (response, socket, head) => resolve({ response, socket, head }));
      handshake.on('response', (response) => resolve({ response }));
    });
    const { response, socket, head } = await withDeadline(answered, 'the handshake');
    client.status = response.statusCode;
    if (socket) client.#take(socket, head);
    else response.resume();
    return client;
  }

  #take(socket, head) {
    this.socket = socket;
    this.bytes = head;
    this.ended = false;
    socket.on('data', (bytes) => {
      this.bytes = Buffer.concat([this.bytes, bytes]);
      socket.emit('more');
    });
    socket.on('close', () => {
      this.ended = true;
      socket.emit('more');
    });
    socket.on('error', () => {});
  }

  send(message) {
    this.socket.write(frame(kText, Buffer.from(JSON.stringify(message))));
  }

  // The next message as JSON; { closed: code } for a close frame, which is answered.
  async next() {
    for (;;) {
      const found = firstFrame(this.bytes);
      if (!found) {
        if (this.ended) return { closed: 1006 };
        await withDeadline(once(this.socket, 'more'), 'a message');
        continue;
      }
      this.bytes = found.rest;
      if (found.opcode === kText) return JSON.parse(found.payload.toString());
      if (found.opcode === kPing) this.socket.write(frame(kPong, found.payload));
      if (found.opcode === kClose) {
        if (!this.closing) this.socket.write(frame(kClose, found.payload));
        return { closed: found.payload.length < 2 ? 1005 : found.payload.readUInt16BE(0) };
      }
    }
  }

  // Messages up to and with the first of that type.
  async until(type) {
    const messages = [];
    do messages.push(await this.next());
    while (messages.at(-1).type !== type && messages.at(-1).closed === undefined);
    return messages;
  }

  close(code = 1000) {
    this.closing = true;
    this.socket.write(frame(kClose, Buffer.from([code >> 8, code & 0xff])));
  }
}
