// A provider with one account per key: what one account has stored, no other one knows.
import { createServer } from 'node:http';

const kUsage = {
  input_tokens: 11, input_tokens_details: { cached_tokens: 0 },
  output_tokens: 7, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 18,
};

async function bodyOf(request) {
  let text = '';
  for await (const bytes of request) text += bytes;
  return text ? JSON.parse(text) : {};
}

const notFound = (message, param) => ({
  status: 404, json: { error: { message, type: 'invalid_request_error', param, code: null } },
});

function eventsOf(response) {
  const [item] = response.output;
  const [part] = item.content;
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
    { type: 'response.output_text.delta', ...place, delta: part.text },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response },
  ];
  return events.map((event, index) => {
    const data = JSON.stringify({ ...event, sequence_number: index });
    return `event: ${event.type}\ndata: ${data}\n\n`;
  }).join('');
}

export class Accounts {
  static async start() {
    const accounts = new this();
    accounts.stored = new Map(); // key -> ids of responses and items
    accounts.requests = []; // { key, body, status }
    accounts.made = 0;
    accounts.server = createServer((request, response) => accounts.#serve(request, response));
    await new Promise((resolve) => accounts.server.listen(0, '127.0.0.1', resolve));
    return accounts;
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.server.address().port}/v1`;
  }

  async #serve(request, response) {
    const key = (request.headers.authorization ?? '').replace('Bearer ', '');
    const body = await bodyOf(request);
    const answer = this.#answer(key, body);
    this.requests.push({ key, body, status: answer.status });
    if (body.stream && answer.status === 200) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end(eventsOf(answer.json));
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    return response.end(JSON.stringify(answer.json));
  }

  #answer(key, body) {
    if (!this.stored.has(key)) this.stored.set(key, new Set());
    const stored = this.stored.get(key);
    const input = Array.isArray(body.input) ? body.input : [];
    for (const { id } of input.filter((item) => item.type === 'item_reference')) {
      if (!stored.has(id)) return notFound(`Item with id '${id}' not found.`, 'input');
    }
    const previous = body.previous_response_id;
    if (previous && !stored.has(previous)) {
      return notFound(`Previous response with id '${previous}' not found.`, 'previous_response_id');
    }
    const number = ++this.made;
    const text = { type: 'output_text', text: `Answer ${number}.`, annotations: [], logprobs: [] };
    const item = {
      id: `msg_${number}`, type: 'message', role: 'assistant', status: 'completed', content: [text],
    };
    const response = {
      id: `resp_${number}`, object: 'response', created_at: 1764000000 + number, status: 'completed',
      model: body.model, output: [item], store: body.store ?? true, usage: kUsage, error: null,
      incomplete_details: null,
    };
    if (response.store) stored.add(response.id).add(item.id);
    return { status: 200, json: response };
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
