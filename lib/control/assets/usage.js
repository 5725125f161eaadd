// Usage: tokens by day, model, resource, session or caller.
import {getJson, poll, query} from './api.js';
import {choice, h, panel, table} from './dom.js';
import {count, percent, share, short} from './format.js';
import {nameOf} from './live.js';

const kPollMs = 30_000;
const kRows = 100;
const kDayMs = 86_400_000;
const kGroups = [
  ['day', 'Day'],
  ['model', 'Model'],
  ['resource', 'Resource'],
  ['session', 'Session'],
  ['caller', 'Caller'],
];
const kTimes = [
  [1, 'Today'],
  [7, '7 days'],
  [30, '30 days'],
  [0, 'All'],
];
let by = 'day';
let days = 30;

const keyOf = (u) => u[by in u ? by : `${by}_id`];
const title = (u) => (by === 'resource' ? nameOf(keyOf(u)) : keyOf(u));

function stack(u, most) {
  const cached = u.cached_tokens ?? 0;
  const of = (n) => `${most > 0 ? (100 * n) / most : 0}%`;
  return h(
    'span',
    {class: 'stack', 'aria-hidden': 'true'},
    h('i', {class: 'cached', width: of(cached)}),
    h('i', {class: 'input', width: of(Math.max(0, (u.input_tokens ?? 0) - cached))}),
    h('i', {class: 'output', width: of(u.output_tokens ?? 0)}),
  );
}

function usageTable(most) {
  return table(
    'Usage',
    [
      {label: kGroups.find(([name]) => name === by)[1], cut: true, cell: title, title: (u) => keyOf(u) ?? ''},
      {label: 'Input, cached and not, and output', class: 'wide', cell: (u) => stack(u, most)},
      {label: 'Requests', number: true, cell: (u) => count(u.requests)},
      {label: 'Errors', number: true, cell: (u) => count(u.errors)},
      {label: 'Input', number: true, cell: (u) => count(u.input_tokens)},
      {label: 'Cached', number: true, cell: (u) => percent(share(u.cached_tokens ?? 0, u.input_tokens))},
      {label: 'Output', number: true, cell: (u) => count(u.output_tokens)},
      {label: 'Total', number: true, cell: (u) => count(u.total_tokens)},
    ],
    {id: (u) => keyOf(u) ?? ''},
  );
}

export function usage(root) {
  const body = h('div', {id: 'usage'});
  const sums = h('div', {class: 'tiles'});
  const problem = h('p', {class: 'problem', role: 'alert'});
  root.append(
    h(
      'div',
      {class: 'title'},
      h('h1', null, 'Usage'),
      h('span', {class: 'space'}),
      choice('Time', kTimes, days, (value) => {
        days = value;
        update.poke();
      }),
    ),
    sums,
    panel(
      'Tokens',
      choice('Grouped by', kGroups, by, (value) => {
        by = value;
        update.poke();
      }),
      problem,
      body,
    ),
  );
  function tile(label, text, under) {
    return h(
      'div',
      {class: 'tile'},
      h('span', {class: 'soft'}, label),
      h('b', null, text ?? '–'),
      h('span', {class: 'soft small'}, under),
    );
  }
  const update = poll(
    async () => {
      // The server sums up by days (UTC).
      const today = Math.floor(Date.now() / kDayMs) * kDayMs;
      const since = days > 0 ? new Date(today - (days - 1) * kDayMs).toISOString() : '';
      try {
        const {data} = await getJson(`/admin/usage${query({by, since, limit: kRows})}`);
        problem.textContent = '';
        const sum = (name) => data.reduce((total, u) => total + (u[name] ?? 0), 0);
        const listed = data.length === kRows ? `of the ${kRows} rows shown` : '';
        sums.replaceChildren(
          tile('Requests', count(sum('requests')), listed),
          tile('Errors', count(sum('errors')), percent(share(sum('errors'), sum('requests'))) ?? ''),
          tile(
            'Input tokens',
            short(sum('input_tokens')),
            `${percent(share(sum('cached_tokens'), sum('input_tokens'))) ?? '–'} cached`,
          ),
          tile('Output tokens', short(sum('output_tokens')), `${short(sum('reasoning_tokens'))} reasoning`),
        );
        const list = usageTable(
          Math.max(0, ...data.map((u) => (u.input_tokens ?? 0) + (u.output_tokens ?? 0))),
        );
        list.fill(data);
        body.replaceChildren(
          data.length > 0 ? list.node : h('p', {class: 'empty'}, 'Nothing used in this time.'),
        );
      } catch (error) {
        problem.textContent = error.message;
      }
    },
    kPollMs,
    0,
  );
  return () => update.stop();
}
