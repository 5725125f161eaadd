// Chat Completions as spoken on the wire, for a ScriptedProvider.
//
// Options: `reasoning`: the member that holds thoughts; 'required': it has to come back with every
// message that calls tools, as DeepSeek wants it.
import { demand, demandKnown, pieces } from './scripted_provider.mjs';

const kMembers = new Set([
  'model', 'messages', 'stream', 'stream_options', 'tools', 'tool_choice', 'parallel_tool_calls',
  'response_format', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'n', 'stop',
  'reasoning_effort', 'prompt_cache_key', 'safety_identifier', 'user', 'thinking',
]);
const kOfMessage = {
  system: new Set(['role', 'content', 'name']),
  user: new Set(['role', 'content', 'name']),
  assistant: new Set(['role', 'content', 'name', 'tool_calls', 'reasoning_content']),
  tool: new Set(['role', 'content', 'tool_call_id']),
};
const kOfFunction = new Set(['name', 'description', 'parameters', 'strict']);
const kName = /^[a-zA-Z0-9_-]{1,64}$/;
const unknown = (name) => `Unrecognized request argument supplied: ${name}`;

function checkContent(content, at, role) {
  if (typeof content === 'string') return demand(content !== '' || role === 'tool', at, 'content must not be empty');
  demand(Array.isArray(content) && content.length > 0, at, 'content must be a text or an array of parts');
  for (const [i, part] of content.entries()) {
    const here = `${at}[${i}]`;
    if (part.type === 'text') {
      demandKnown(part, new Set(['type', 'text']), `${here}.`, unknown);
      demand(typeof part.text === 'string' && part.text !== '', `${here}.text`, 'text must not be empty');
    } else {
      demand(role === 'user' && part.type === 'image_url', `${here}.type`, `Invalid part for ${role}: ${part.type}`);
      demand(/^(https?:|data:image\/)/.test(part.image_url?.url ?? ''), `${here}.image_url`, 'Invalid image URL');
    }
  }
}

function checkCall(call, at, seen) {
  demandKnown(call, new Set(['id', 'type', 'function']), `${at}.`, unknown);
  demand(typeof call.id === 'string' && call.id !== '' && !seen.has(call.id), `${at}.id`, 'id must be there and be one of its kind');
  seen.add(call.id);
  demand(call.type === 'function', `${at}.type`, 'type must be function');
  demandKnown(call.function, new Set(['name', 'arguments']), `${at}.function.`, unknown);
  demand(kName.test(call.function.name), `${at}.function.name`, `Invalid name: ${call.function.name}`);
  let parsed;
  try {
    parsed = JSON.parse(call.function.arguments);
  } catch { /* said below */ }
  demand(parsed?.constructor === Object, `${at}.function.arguments`, 'arguments must be an object in JSON');
}

// Each call is answered in the messages right behind it, and nothing else is.
function checkMessages(messages, { reasoning }) {
  demand(Array.isArray(messages) && messages.length > 0, 'messages', 'messages must not be empty');
  const seen = new Set();
  let open = [];
  for (const [i, message] of messages.entries()) {
    const at = `messages.[${i}]`;
    const { role, content, tool_calls: calls } = message;
    demand(kOfMessage[role], `${at}.role`, `Invalid role: ${role}`);
    demandKnown(message, kOfMessage[role], `${at}.`, unknown);
    if (role === 'tool') {
      demand(open.includes(message.tool_call_id), `${at}.role`,
        "messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
      open = open.filter((id) => id !== message.tool_call_id);
    } else {
      demand(open.length === 0, `${at}.role`, `tool_call_ids without response messages: ${open}`);
    }
    if (role !== 'assistant') {
      checkContent(content, `${at}.content`, role);
      continue;
    }
    demand(calls === undefined || calls.length > 0, `${at}.tool_calls`, 'tool_calls must not be empty');
    if (!(calls && content === null)) checkContent(content, `${at}.content`, role);
    const thoughts = message.reasoning_content;
    demand(!calls || reasoning !== 'required' || typeof thoughts === 'string', `${at}.reasoning_content`,
      'The `reasoning_content` in the thinking mode must be passed back to the API.');
    for (const [j, call] of (calls ?? []).entries()) checkCall(call, `${at}.tool_calls[${j}]`, seen);
    open = (calls ?? []).map(({ id }) => id);
  }
  demand(open.length === 0, 'messages', `tool_call_ids without response messages: ${open}`);
  demand(['user', 'tool'].includes(messages.at(-1).role), 'messages', 'nothing was asked');
}

function checkTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }) {
  demand(tools || choice === undefined, 'tool_choice', "'tool_choice' is only allowed when 'tools' are specified.");
  demand(tools || parallel === undefined, 'parallel_tool_calls', "'parallel_tool_calls' is only allowed when 'tools' are specified.");
  if (!tools) return;
  const names = new Set();
  for (const [i, tool] of tools.entries()) {
    const at = `tools[${i}]`;
    demandKnown(tool, new Set(['type', 'function']), `${at}.`, unknown);
    demand(tool.type === 'function', `${at}.type`, `Invalid type: ${tool.type}`);
    demandKnown(tool.function, kOfFunction, `${at}.function.`, unknown);
    const { name, description, parameters } = tool.function;
    demand(kName.test(name) && !names.has(name), `${at}.function.name`, `Invalid or repeated name: ${name}`);
    names.add(name);
    demand(description === undefined || typeof description === 'string', `${at}.function.description`, 'a text, please');
    demand(parameters?.type === 'object', `${at}.function.parameters`, "schema must be of type 'object'");
  }
  const named = choice?.function?.name;
  demand(named === undefined || names.has(named), 'tool_choice', `${named} is no tool`);
}

const textOf = (content) =>
  typeof content === 'string' ? content
    : (content ?? []).map((part) => part.text ?? `[${part.type}]`).join('\n');

const kStops = { length: 'length', filter: 'content_filter' };
const reasonOf = ({ stop, calls }) => kStops[stop] ?? (calls.length > 0 ? 'tool_calls' : 'stop');
const kOverloaded = { message: 'The engine is overloaded.', type: 'engine_overloaded_error', code: null };

function usageOf({ input, output, cached }) {
  return {
    prompt_tokens: input, completion_tokens: output, total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

const callOf = ({ id, name, arguments: given }) => ({
  id, type: 'function', function: { name, arguments: JSON.stringify(given) },
});

export const chat = {
  name: 'Chat Completions',
  wireApi: 'chat_completions',
  path: 'chat/completions',
  model: 'kimi-k2.6',
  config: { preset: 'moonshot' },

  // As Kimi counts them: no other character than these is safe everywhere else.
  callId: (name, number) => `functions.${name}:${number}`,

  check(body, headers, { options }) {
    demand(headers.authorization === 'Bearer key-of-house', 'authorization', 'Incorrect API key provided');
    demand(/^application\/json/.test(headers['content-type']), 'content-type', 'JSON, please');
    demandKnown(body, kMembers, '', unknown);
    demand(body.model && typeof body.model === 'string', 'model', 'you must provide a model parameter');
    demand(body.stream || body.stream_options === undefined, 'stream_options', "only allowed when 'stream' is true");
    checkTools(body);
    checkMessages(body.messages, options);
    const format = body.response_format;
    if (format?.type === 'json_schema') {
      demand(kName.test(format.json_schema?.name ?? ''), 'response_format.json_schema.name', 'Invalid name');
      demand(format.json_schema.schema?.type === 'object', 'response_format.json_schema.schema', 'an object, please');
    }
  },

  refusal: ({ param, message }) => ({
    error: { message, type: 'invalid_request_error', param, code: null },
  }),
  error: ({ message = 'No.', type = 'server_error', code = null }) => ({ error: { message, type, param: null, code } }),

  tooLong: {
    error: {
      status: 400, type: 'invalid_request_error',
      message: 'Invalid request: Your request exceeded model token limit: 262144 (requested: 270000)',
    },
  },

  schema: ({ response_format: format }) => format.json_schema.schema,
  tools: ({ tools }) => (tools ?? []).map((tool) => tool.function.name),

  // { role, text, thinking, calls: [{ id, name, arguments }] }, of tools { role: 'tool', id, text }.
  conversation: ({ messages }) => messages.map((message) => ({
    role: message.role,
    text: textOf(message.content),
    ...(message.reasoning_content && { thinking: message.reasoning_content }),
    ...(message.tool_call_id && { id: message.tool_call_id }),
    ...(message.tool_calls && {
      calls: message.tool_calls.map(({ id, function: { name, arguments: text } }) => ({
        id, name, arguments: JSON.parse(text),
      })),
    }),
  })),

  // What an equal beginning of the conversation begins with, byte for byte.
  beginning: (text) => text.slice(0, text.lastIndexOf(']')),

  document(answer, { model }) {
    const message = { role: 'assistant', content: answer.text ?? null };
    if (answer.thinking) message.reasoning_content = answer.thinking;
    if (answer.calls.length > 0) message.tool_calls = answer.calls.map(callOf);
    return {
      id: `chatcmpl-${answer.number}`, object: 'chat.completion', created: 1764000000, model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: reasonOf(answer) }],
      usage: usageOf(answer.usage),
    };
  },

  * events(answer, { model, stream_options: options }) {
    const event = (choices, more = {}) => `data: ${JSON.stringify({
      id: `chatcmpl-${answer.number}`, object: 'chat.completion.chunk', created: 1764000000, model, choices, ...more,
    })}\n\n`;
    const delta = (said, reason = null) => event([{ index: 0, delta: said, finish_reason: reason }]);
    yield delta({ role: 'assistant', content: '' });
    for (const piece of pieces(answer.thinking ?? '')) yield delta({ reasoning_content: piece });
    for (const piece of pieces(answer.text ?? '')) yield delta({ content: piece });
    if (answer.breaks) return yield* answer.breaks === 'error' ? [`data: ${JSON.stringify({ error: kOverloaded })}\n\n`] : [];
    for (const [index, call] of answer.calls.entries()) {
      const { id, type, function: { name, arguments: text } } = callOf(call);
      yield delta({ tool_calls: [{ index, id, type, function: { name, arguments: '' } }] });
      for (const piece of pieces(text)) yield delta({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
    yield delta({}, reasonOf(answer));
    if (options?.include_usage) yield event([], { usage: usageOf(answer.usage) });
    yield 'data: [DONE]\n\n';
  },
};
