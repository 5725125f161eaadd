// Anthropic's Messages API as spoken on the wire, for a ScriptedProvider.
import { demand, demandKnown, pieces } from './scripted_provider.mjs';

const kMembers = new Set([
  'model', 'messages', 'system', 'max_tokens', 'metadata', 'stop_sequences', 'stream', 'temperature',
  'top_p', 'top_k', 'tools', 'tool_choice', 'thinking', 'output_config', 'cache_control', 'service_tier',
]);
const kOfBlock = {
  text: new Set(['type', 'text', 'cache_control']),
  image: new Set(['type', 'source', 'cache_control']),
  document: new Set(['type', 'source', 'title', 'context', 'cache_control']),
  thinking: new Set(['type', 'thinking', 'signature']),
  redacted_thinking: new Set(['type', 'data']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'cache_control']),
  tool_result: new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']),
};
const kSaidBy = {
  user: new Set(['text', 'image', 'document', 'tool_result']),
  assistant: new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']),
};
const kOfTool = new Set(['name', 'description', 'input_schema', 'cache_control', 'type']);
const extra = () => 'Extra inputs are not permitted';

function checkBlock(block, at, role) {
  demand(kOfBlock[block.type], `${at}.type`, `Input tag '${block.type}' is not known`);
  demand(kSaidBy[role].has(block.type), `${at}.type`, `\`${block.type}\` blocks are not permitted in ${role} messages`);
  demandKnown(block, kOfBlock[block.type], `${at}.`, extra);
  if (block.type === 'text') {
    demand(typeof block.text === 'string' && block.text.trim() !== '', `${at}.text`, 'text content blocks must contain non-whitespace text');
  }
  if (block.type !== 'tool_result') return;
  const content = typeof block.content === 'string' ? [{ type: 'text', text: block.content }] : block.content ?? [];
  for (const [i, part] of content.entries()) {
    demand(['text', 'image', 'document'].includes(part.type), `${at}.content.${i}.type`, `\`${part.type}\` is not permitted here`);
    checkBlock(part, `${at}.content.${i}`, 'user');
  }
}

function checkThinking(block, at, { issued }) {
  if (block.type !== 'thinking') return;
  const known = issued.get(block.signature) === block.thinking;
  demand(known, at, 'Invalid `signature` in `thinking` block');
}

// Behind calls stands one message that begins with all of their results.
function checkRound(calls, message, at) {
  const content = message?.role === 'user' ? message.content : [];
  const results = [];
  for (const block of content) {
    if (block.type !== 'tool_result') break;
    results.push(block.tool_use_id);
  }
  const missing = calls.filter((id) => !results.includes(id));
  demand(missing.length === 0, at, `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}`);
  demand(new Set(results).size === results.length, at, 'each tool_use must have a single result');
}

function checkMessages(messages, provider) {
  demand(Array.isArray(messages) && messages.length > 0, 'messages', 'at least one message is required');
  demand(messages[0].role === 'user', 'messages.0.role', 'first message must use the "user" role');
  demand(messages.at(-1).role === 'user', 'messages', 'This model does not support assistant message prefill.');
  const seen = new Set();
  let open = [];
  for (const [i, message] of messages.entries()) {
    const at = `messages.${i}`;
    demandKnown(message, new Set(['role', 'content']), `${at}.`, extra);
    demand(kSaidBy[message.role], `${at}.role`, `unexpected role ${message.role}`);
    demand(i === 0 || messages[i - 1].role !== message.role, `${at}.role`, 'roles must alternate between "user" and "assistant"');
    demand(Array.isArray(message.content) && message.content.length > 0, `${at}.content`, 'content must not be empty');
    checkRound(open, message, at);
    const calls = [];
    for (const [j, block] of message.content.entries()) {
      const here = `${at}.content.${j}`;
      checkBlock(block, here, message.role);
      checkThinking(block, here, provider);
      if (block.type === 'tool_result') {
        demand(open.includes(block.tool_use_id), here, `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}`);
      }
      if (block.type !== 'tool_use') continue;
      demand(/^[a-zA-Z0-9_-]+$/.test(block.id), `${here}.id`, "String should match pattern '^[a-zA-Z0-9_-]+$'");
      demand(!seen.has(block.id), `${here}.id`, '`tool_use` ids must be unique');
      demand(block.input?.constructor === Object, `${here}.input`, 'Input should be a valid dictionary');
      seen.add(block.id);
      calls.push(block.id);
    }
    const last = message.content.at(-1).type;
    demand(message.role !== 'assistant' || !/thinking/.test(last), at, 'The final block in an assistant message cannot be `thinking`.');
    open = calls;
  }
  return seen.size > 0;
}

// The round of calls that is under way begins with thoughts, where thinking was switched on by hand.
function checkBudget({ thinking, messages, max_tokens: most }) {
  if (thinking?.type !== 'enabled') return;
  demand(thinking.budget_tokens >= 1024, 'thinking.enabled.budget_tokens', 'Input should be greater than or equal to 1024');
  demand(most > thinking.budget_tokens, 'max_tokens', '`max_tokens` must be greater than `thinking.budget_tokens`.');
  const answers = (message) => message.role === 'user' && message.content.some(({ type }) => type === 'tool_result');
  for (let i = messages.length - 1; i > 0 && answers(messages[i]); i -= 2) {
    const begins = messages[i - 1].content[0].type;
    demand(/thinking/.test(begins), `messages.${i - 1}.content.0.type`, `Expected \`thinking\` or \`redacted_thinking\`, but found \`${begins}\`.`);
  }
}

function checkTools({ tools, tool_choice: choice, thinking }, called) {
  demand(tools || !called, 'tools', 'Requests which have `tool_use` or `tool_result` blocks in their messages must define tools.');
  demand(tools || choice === undefined, 'tool_choice', 'may only be specified while providing tools');
  if (!tools) return;
  const names = new Set();
  for (const [i, tool] of tools.entries()) {
    const at = `tools.${i}`;
    demandKnown(tool, kOfTool, `${at}.custom.`, extra);
    demand(/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name), `${at}.custom.name`, "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
    demand(!names.has(tool.name), 'tools', 'Tool names must be unique.');
    names.add(tool.name);
    demand(tool.input_schema?.type === 'object', `${at}.custom.input_schema.type`, "Input should be 'object'");
    for (const word of ['oneOf', 'allOf', 'anyOf']) {
      demand(!(word in tool.input_schema), `${at}.custom.input_schema`, 'input_schema does not support oneOf, allOf, or anyOf at the top level');
    }
  }
  const forced = choice?.type === 'any' || choice?.type === 'tool';
  demand(!forced || !thinking || thinking.type === 'disabled', 'tool_choice', 'Thinking may not be enabled when tool_choice forces tool use.');
  demand(choice?.name === undefined || names.has(choice.name), 'tool_choice', `Tool '${choice?.name}' not found in provided tools`);
}

const marksOf = (value) =>
  value === null || typeof value !== 'object' ? 0
    : ('cache_control' in value ? 1 : 0) + Object.values(value).reduce((sum, one) => sum + marksOf(one), 0);

const textOf = (content) =>
  typeof content === 'string' ? content : (content ?? []).map((block) => block.text ?? `[${block.type}]`).join('\n');

function wordsOf({ role, content }) {
  const results = content.filter(({ type }) => type === 'tool_result')
    .map((block) => ({ role: 'tool', text: textOf(block.content), id: block.tool_use_id }));
  const rest = content.filter(({ type }) => ['text', 'image', 'document'].includes(type));
  const thinking = content.filter(({ type }) => type === 'thinking').map((block) => block.thinking).join('\n');
  const calls = content.filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({ id, name, arguments: input }));
  if (role === 'user' && rest.length === 0) return results;
  return [...results, {
    role, text: textOf(rest), ...(thinking && { thinking }), ...(calls.length > 0 && { calls }),
  }];
}

const kStops = { length: 'max_tokens', filter: 'refusal' };
const reasonOf = ({ stop, calls }) => kStops[stop] ?? (calls.length > 0 ? 'tool_use' : 'end_turn');
const kOverloaded = { type: 'overloaded_error', message: 'Overloaded' };

const inputUsage = ({ input, cached }) => ({
  input_tokens: input - cached, cache_read_input_tokens: cached, cache_creation_input_tokens: 0,
});

const blocksOf = (answer) => [
  ...(answer.thinking ? [{ type: 'thinking', thinking: answer.thinking, signature: answer.signature }] : []),
  ...(answer.text ? [{ type: 'text', text: answer.text }] : []),
  ...answer.calls.map(({ id, name, arguments: input }) => ({ type: 'tool_use', id, name, input })),
];

// Its empty form and the deltas that fill it.
function streamed(block) {
  if (block.type === 'thinking') {
    const thoughts = pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking }));
    return [{ ...block, thinking: '', signature: '' }, [...thoughts, { type: 'signature_delta', signature: block.signature }]];
  }
  if (block.type === 'text') {
    return [{ ...block, text: '' }, pieces(block.text).map((text) => ({ type: 'text_delta', text }))];
  }
  const json = ['', ...pieces(JSON.stringify(block.input))];
  return [{ ...block, input: {} }, json.map((piece) => ({ type: 'input_json_delta', partial_json: piece }))];
}

export const anthropic = {
  name: 'Anthropic Messages',
  wireApi: 'anthropic_messages',
  path: 'messages',
  model: 'claude-opus-4-7',
  config: {},

  callId: (name, number) => `toolu_${number}`,

  check(body, headers, provider) {
    demand(headers['x-api-key'] === 'key-of-house', 'x-api-key', 'invalid x-api-key');
    demand(headers.authorization === undefined, 'authorization', 'two credentials');
    demand(headers['anthropic-version'] === '2023-06-01', 'anthropic-version', 'anthropic-version: header is required');
    demandKnown(body, kMembers, '', extra);
    demand(body.model && typeof body.model === 'string', 'model', 'Field required');
    demand(Number.isInteger(body.max_tokens) && body.max_tokens > 0, 'max_tokens', 'Field required');
    for (const name of ['temperature', 'top_p', 'top_k']) {
      demand(!(name in body), name, `\`${name}\` is deprecated for this model.`);
    }
    for (const [i, block] of (body.system ?? []).entries()) {
      demand(block.type === 'text', `system.${i}.type`, "Input should be 'text'");
      checkBlock(block, `system.${i}`, 'user');
    }
    demand(marksOf(body) <= 4, 'cache_control', 'A maximum of 4 blocks with cache_control may be provided.');
    checkTools(body, checkMessages(body.messages, provider));
    checkBudget(body);
  },

  refusal: ({ param, message }) => ({
    type: 'error', error: { type: 'invalid_request_error', message: `${param}: ${message}` }, request_id: 'req_1',
  }),
  error: ({ message = 'No.', type = 'api_error' }) => ({ type: 'error', error: { type, message }, request_id: 'req_1' }),

  tooLong: {
    error: { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
  },

  schema: ({ output_config: config }) => config.format.schema,
  tools: ({ tools }) => (tools ?? []).map(({ name }) => name),

  // As that of `chat`.
  conversation: ({ system, messages }) => [
    ...(system ?? []).map(({ text }) => ({ role: 'system', text })),
    ...messages.flatMap(wordsOf),
  ],

  // Marks for the cache move on, and are no part of what is compared.
  beginning: (text) => text.replaceAll(/,"cache_control":\{[^}]*\}/g, '').replace(/\]\}\]\}$/, ''),

  document(answer, { model }) {
    return {
      id: `msg_${answer.number}`, type: 'message', role: 'assistant', model, content: blocksOf(answer),
      stop_reason: reasonOf(answer), stop_sequence: null,
      usage: { ...inputUsage(answer.usage), output_tokens: answer.usage.output },
    };
  },

  * events(answer, { model }) {
    const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
    const message = {
      id: `msg_${answer.number}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null,
      stop_sequence: null, usage: { ...inputUsage(answer.usage), output_tokens: 1 },
    };
    yield event('message_start', { message });
    yield event('ping', {});
    for (const [index, block] of blocksOf(answer).entries()) {
      const [empty, deltas] = streamed(block);
      yield event('content_block_start', { index, content_block: empty });
      for (const delta of deltas) yield event('content_block_delta', { index, delta });
      if (answer.breaks && block.type === 'text') {
        return yield* answer.breaks === 'error' ? [event('error', { error: kOverloaded })] : [];
      }
      yield event('content_block_stop', { index });
    }
    yield event('message_delta', {
      delta: { stop_reason: reasonOf(answer), stop_sequence: null }, usage: { output_tokens: answer.usage.output },
    });
    yield event('message_stop', {});
  },
};
