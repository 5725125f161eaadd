// An MCP server on standard input and output: notes that can be added and counted.
import { createInterface } from 'node:readline';

const notes = [];
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false };
const tools = [
  { name: 'add', description: 'Adds a note.', inputSchema: text },
  { name: 'count', description: 'Counts the notes.', inputSchema: { type: 'object', properties: {} } },
];

function call({ name, arguments: given }) {
  if (name === 'add') notes.push(given.text);
  return { content: [{ type: 'text', text: `${notes.length} notes, the last one: ${notes.at(-1) ?? 'none'}` }] };
}

const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'notes', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools }),
  'tools/call': call,
  ping: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue; // a notification
  const answer = methods[method]
    ? { result: methods[method](params ?? {}) }
    : { error: { code: -32601, message: `${method} is not known` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
}
