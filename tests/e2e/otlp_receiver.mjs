// A collector of spans that is strict: it refuses what is no ExportTraceServiceRequest in the JSON
// mapping of OTLP (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), member by
// member, and remembers why.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

const hex = (digits) => (value) => typeof value === 'string' && new RegExp(`^[0-9a-f]{${digits}}$`).test(value)
  && !/^0+$/.test(value);
const int64 = (value) => typeof value === 'string' && /^-?\d{1,19}$/.test(value);
const uint32 = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
const text = (value) => typeof value === 'string';
const oneOf = (...numbers) => (value) => numbers.includes(value);
const list = (of) => (value) => Array.isArray(value) && value.every((one) => check(of, one));
const message = (members, required = []) => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const name of required) assert.ok(name in value, `${name} is missing in ${JSON.stringify(value)}`);
  for (const [name, member] of Object.entries(value)) {
    assert.ok(name in members, `no member is called ${name}`);
    assert.ok(check(members[name], member), `${name}: ${JSON.stringify(member)}`);
  }
  return true;
};
const check = (rule, value) => rule(value);

const kAnyValue = (value) => {
  const kinds = { stringValue: text, intValue: int64, boolValue: (v) => typeof v === 'boolean',
    doubleValue: (v) => typeof v === 'number' };
  assert.equal(Object.keys(value).length, 1);
  return message(kinds)(value);
};
const kAttributes = list(message({ key: text, value: kAnyValue }, ['key', 'value']));
const kSpan = message({
  traceId: hex(32), spanId: hex(16), parentSpanId: hex(16), traceState: text, flags: uint32, name: text,
  kind: oneOf(1, 2, 3, 4, 5), startTimeUnixNano: int64, endTimeUnixNano: int64, attributes: kAttributes,
  events: list(message({ timeUnixNano: int64, name: text, attributes: kAttributes }, ['timeUnixNano', 'name'])),
  links: list(message({ traceId: hex(32), spanId: hex(16) })),
  status: message({ code: oneOf(0, 1, 2), message: text }),
}, ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano']);
const kRequest = message({
  resourceSpans: list(message({
    resource: message({ attributes: kAttributes }),
    scopeSpans: list(message({
      scope: message({ name: text, version: text }), spans: list(kSpan), schemaUrl: text,
    }, ['spans'])),
    schemaUrl: text,
  }, ['resource', 'scopeSpans'])),
}, ['resourceSpans']);

const plain = (attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

export class OtlpReceiver {
  static async start(t) {
    const receiver = new OtlpReceiver();
    receiver.spans = []; // their attributes as an object
    receiver.requests = []; // { path, headers, resource }
    receiver.problems = [];
    receiver.status = 200;
    receiver.server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (receiver.status === 200) receiver.#take(request, body);
      response.writeHead(receiver.problems.length > 0 ? 400 : receiver.status,
        { 'content-type': 'application/json' }).end('{}');
    }).listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    t.after(() => receiver.server.close());
    return receiver;
  }

  #take(request, body) {
    try {
      assert.equal(request.method, 'POST');
      assert.equal(request.headers['content-type'], 'application/json');
      const parsed = JSON.parse(body);
      kRequest(parsed);
      for (const { resource, scopeSpans } of parsed.resourceSpans) {
        this.requests.push({ path: request.url, headers: request.headers, resource: plain(resource.attributes) });
        for (const { spans } of scopeSpans) {
          for (const span of spans) {
            assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
            this.spans.push({ ...span, attributes: plain(span.attributes), text: JSON.stringify(span) });
          }
        }
      }
    } catch (error) {
      this.problems.push(error);
    }
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }
}
