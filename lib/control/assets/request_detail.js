// One request: its attempts on a time line, usage, decision, ids, and its captured bodies.
import {getJson, query} from './api.js';
import {badge, dash, dialog, h} from './dom.js';
import {bytes, clock, count, millis, percent, share, statusColour, words} from './format.js';
import {nameOf} from './live.js';

const kBlame = {
  client: 'the client',
  resource: 'this key',
  provider: 'the provider',
  proxy: 'the proxy',
  none: 'nobody',
};
const kReason = {
  response_affinity: 'it made the response that this one goes on from',
  session_affinity: 'the session was there before, and its prompt cache is warm',
  weighted_least_connections: 'it had the fewest requests under way for its weight',
  failover: 'the resource before had failed',
};

const fact = (label, value, title) =>
  h('div', null, h('dt', null, label), h('dd', {title}, value instanceof Node ? value : dash(value)));
const facts = (...list) => h('dl', {class: 'facts'}, list);

// [from, to] in milliseconds of the request's own clock, as a part of a bar that is `whole` long.
function part(kind, from, to, whole, label) {
  const at = Math.min(100, (100 * Math.max(0, from)) / whole);
  return h('span', {
    class: `part ${kind}`,
    left: `${at}%`,
    width: `${Math.max(0.4, Math.min(100 - at, (100 * (to - from)) / whole))}%`,
    title: label,
  });
}

function attemptLine(attempt, number, begin, whole) {
  const from = Date.parse(attempt.started_at) - begin;
  const end = from + attempt.duration_ms;
  const first = attempt.first_byte_ms === null ? end : Math.min(end, from + attempt.first_byte_ms);
  const bad = attempt.error || attempt.status_code >= 400;
  const bars = [part(bad ? 'failed' : 'wait', from, first, whole, `waited ${millis(first - from)}`)];
  if (first < end)
    bars.push(part(bad ? 'failed' : 'answer', first, end, whole, `answered for ${millis(end - first)}`));
  const said = `starts at ${millis(from)}, ${attempt.first_byte_ms === null ? 'no answer' : `first byte after ${millis(attempt.first_byte_ms)}`}, ends after ${millis(attempt.duration_ms)}`;
  return h(
    'li',
    null,
    h(
      'div',
      {class: 'what'},
      h('b', null, `${number}. ${nameOf(attempt.resource_id)}`),
      badge(
        attempt.status_code ?? 'no answer',
        attempt.status_code ? statusColour(attempt.status_code) : 'bad',
      ),
      attempt.error && h('span', {class: 'problem'}, words(attempt.error)),
      attempt.blame !== 'none' &&
        h('span', {class: 'soft'}, `blame: ${kBlame[attempt.blame] ?? attempt.blame}`),
      h('span', {class: 'space'}),
      h('span', {class: 'soft small'}, said),
    ),
    h('div', {class: 'bar', 'aria-hidden': 'true'}, bars),
    h(
      'p',
      {class: 'soft small'},
      `Chosen by ${words(attempt.reason)}${kReason[attempt.reason] ? `: ${kReason[attempt.reason]}` : ''}`,
    ),
  );
}

function timeLine(r) {
  const begin = Date.parse(r.created_at);
  const ends = r.attempts.map((a) => Date.parse(a.started_at) - begin + a.duration_ms);
  const whole = Math.max(1, r.timings.duration_ms, ...ends);
  const own = r.timings.proxy_ms ?? 0;
  return h(
    'div',
    {class: 'timeline'},
    h(
      'div',
      {class: 'scale soft small', 'aria-hidden': 'true'},
      h('span', null, '0'),
      h('span', null, millis(whole / 2)),
      h('span', null, millis(whole)),
    ),
    h(
      'div',
      {class: 'bar proxy', 'aria-hidden': 'true'},
      part('proxy', 0, own, whole, `in the proxy: ${millis(own)}`),
    ),
    h('p', {class: 'soft small'}, `${millis(own) ?? '0 ms'} in the proxy before the first attempt`),
    h(
      'ol',
      null,
      r.attempts.map((a, index) => attemptLine(a, index + 1, begin, whole)),
    ),
    r.attempts.length === 0 && h('p', {class: 'soft'}, 'It was sent to no resource.'),
  );
}

function usage(r) {
  if (r.input_tokens === null && r.output_tokens === null)
    return h('p', {class: 'soft'}, 'The answer reported no usage.');
  const cached = r.cached_tokens ?? 0;
  return h(
    'div',
    null,
    facts(
      fact('Input', count(r.input_tokens)),
      fact('of it cached', `${count(cached)} (${percent(share(cached, r.input_tokens)) ?? '–'})`),
      fact('Output', count(r.output_tokens)),
      fact('of it reasoning', count(r.reasoning_tokens)),
      fact('Total', count(r.total_tokens)),
    ),
    h(
      'div',
      {
        class: 'bar share',
        role: 'img',
        'aria-label': `${percent(share(cached, r.input_tokens)) ?? '0 %'} of the input came from the prompt cache`,
      },
      part('cached', 0, cached, r.input_tokens + r.output_tokens || 1, 'cached input'),
      part('input', cached, r.input_tokens, r.input_tokens + r.output_tokens || 1, 'input'),
      part(
        'output',
        r.input_tokens,
        r.input_tokens + r.output_tokens,
        r.input_tokens + r.output_tokens || 1,
        'output',
      ),
    ),
  );
}

function bodyText(body) {
  if (body === null || body === undefined) return null;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

async function readBodies(r, into) {
  into.replaceChildren(h('p', {class: 'soft'}, 'reading …'));
  try {
    const found = await getJson(`/admin/requests/${encodeURIComponent(r.request_id)}`);
    const parts = [
      ['Request', bodyText(found.request_body)],
      ['Answer', bodyText(found.response_body)],
    ].filter(([, body]) => body);
    into.replaceChildren(
      ...(parts.length > 0
        ? parts.flatMap(([name, body]) => [
            h('h4', null, name),
            h('pre', {tabindex: '0', 'aria-label': `${name} body`}, body),
          ])
        : [
            h(
              'p',
              {class: 'soft'},
              'No bodies were captured. PROXY_CAPTURE_BODIES=true keeps those of later requests.',
            ),
          ]),
    );
  } catch (problem) {
    into.replaceChildren(h('p', {class: 'problem'}, problem.message));
  }
}

export function openRequest(r) {
  const bodies = h('div', null);
  const session =
    r.session_id &&
    h(
      'a',
      {href: `#/requests${query({session_id: r.session_id})}`, onclick: () => sheet.close()},
      r.session_name ?? r.session_id,
    );
  const sheet = dialog(
    `Request ${r.request_id}`,
    h(
      'p',
      {class: 'lead'},
      badge(r.status_code, statusColour(r.status_code)),
      r.error && h('span', {class: 'problem'}, words(r.error)),
      r.blame !== 'none' && h('span', {class: 'soft'}, `blame: ${kBlame[r.blame] ?? r.blame}`),
      h('span', {class: 'mono'}, `${r.method} ${r.path}`),
    ),
    facts(
      fact('Began', clock(r.created_at), r.created_at),
      fact('Model', r.model_alias ? `${r.model_alias} → ${r.model}` : r.model),
      fact('Session', session),
      fact('Caller', r.caller),
      fact('Served by', r.resource_id && nameOf(r.resource_id), r.resource_id),
      fact('Pool', r.pool_id),
      fact(
        'Kind',
        [r.stream ? 'stream' : 'one answer', r.background && 'background', !r.completed && 'not complete']
          .filter(Boolean)
          .join(', '),
      ),
      fact('Duration', millis(r.timings.duration_ms)),
      fact('First byte', millis(r.timings.first_byte_ms)),
      fact('Sent', bytes(r.request_bytes)),
      fact('Received', bytes(r.response_bytes)),
      r.adjusted && fact('Changed on the way', words(r.adjusted)),
    ),
    h('h3', null, 'Attempts'),
    timeLine(r),
    h('h3', null, 'Usage'),
    usage(r),
    h('h3', null, 'Ids'),
    facts(
      fact('Response', h('span', {class: 'mono'}, dash(r.response_id))),
      fact('Goes on from', h('span', {class: 'mono'}, dash(r.previous_response_id))),
      fact('Client’s id', h('span', {class: 'mono'}, dash(r.client_request_id))),
      fact('Upstream’s id', h('span', {class: 'mono'}, dash(r.attempts.at(-1)?.upstream_request_id))),
    ),
    h('h3', null, 'Bodies'),
    h('button', {type: 'button', onclick: () => readBodies(r, bodies)}, 'Show captured bodies'),
    bodies,
  );
}
