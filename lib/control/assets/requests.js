// Requests: filters, the newest first and live, older ones page by page, one opened.
import {getJson, poll, query} from './api.js';
import {badge, h, panel, table} from './dom.js';
import {clock, count, millis, statusColour} from './format.js';
import {current, follow, nameOf} from './live.js';
import {openRequest} from './request_detail.js';

const kPage = 50;
const kPollMs = 10_000; // records that were written are told by the live state; this is for those of other replicas
const kMostParts = 10; // that "Show older" looks through
const kMaxRows = 2000;

const kStatuses = [
  ['', 'any status'],
  ['2xx', '2xx'],
  ['4xx', '4xx'],
  ['429', '429'],
  ['499', '499 client left'],
  ['5xx', '5xx'],
  ['502', '502'],
  ['503', '503'],
];

export function requestTable(label, open, extra = []) {
  return table(
    label,
    [
      {label: 'Time', cell: (r) => clock(r.created_at), title: (r) => r.created_at},
      {
        label: 'Status',
        cell: (r) =>
          h(
            'span',
            null,
            badge(r.status_code, statusColour(r.status_code)),
            r.error ? h('span', {class: 'soft small'}, ` ${r.error.replaceAll('_', ' ')}`) : null,
          ),
      },
      ...extra,
      {label: 'Model', cut: true, cell: (r) => r.model_alias ?? r.model, title: (r) => r.model ?? ''},
      {
        label: 'Resource',
        cell: (r) => r.resource_id && nameOf(r.resource_id),
        title: (r) => r.resource_id ?? '',
      },
      {label: 'In', number: true, cell: (r) => count(r.input_tokens)},
      {label: 'Cached', number: true, cell: (r) => count(r.cached_tokens)},
      {label: 'Out', number: true, cell: (r) => count(r.output_tokens)},
      {label: 'First byte', number: true, cell: (r) => millis(r.timings.first_byte_ms)},
      {label: 'Duration', number: true, cell: (r) => millis(r.timings.duration_ms)},
      {label: 'Attempts', number: true, cell: (r) => r.attempts.length},
    ],
    {open, id: (r) => r.request_id},
  );
}

const kSession = {
  label: 'Session',
  cut: true,
  cell: (r) => r.session_name ?? r.session_id,
  title: (r) => r.session_id ?? '',
};

const field = (label, control) => h('label', {class: 'field'}, h('span', null, label), control);
const text = (name, value) =>
  h('input', {name, value, type: 'search', autocomplete: 'off', spellcheck: 'false'});

function resourceChoice(value) {
  const all = current()?.resources ?? [];
  const options = [
    h('option', {value: ''}, 'any resource'),
    ...all.map((r) => h('option', {value: r.id}, r.name)),
  ];
  if (value && !all.some((r) => r.id === value)) options.push(h('option', {value}, value));
  return h('select', {name: 'resource_id', value}, options);
}

function filterForm(filters, changed) {
  const select = h(
    'select',
    {name: 'status'},
    kStatuses.map(([value, label]) => h('option', {value}, label)),
  );
  if (filters.status && !kStatuses.some(([value]) => value === filters.status))
    select.append(h('option', {value: filters.status}, filters.status));
  select.value = filters.status ?? '';
  const resource = resourceChoice(filters.resource_id ?? '');
  resource.value = filters.resource_id ?? '';
  const time = (name) => h('input', {name, type: 'datetime-local', step: '1', value: filters[name] ?? ''});
  const form = h(
    'form',
    {id: 'filters', class: 'filters', 'aria-label': 'Filters'},
    field('Session', text('session_id', filters.session_id ?? '')),
    field('Resource', resource),
    field('Model', text('model', filters.model ?? '')),
    field('Caller', text('caller', filters.caller ?? '')),
    field('Status', select),
    field('From', time('since')),
    field('Until', time('until')),
    h(
      'div',
      {class: 'actions'},
      h('button', {type: 'submit', class: 'main'}, 'Filter'),
      h('button', {type: 'button', class: 'quiet', onclick: () => changed({})}, 'Clear'),
    ),
  );
  const read = () =>
    Object.fromEntries(
      [...new FormData(form)]
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, value.trim()]),
    );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    changed(read());
  });
  for (const one of [select, resource]) one.addEventListener('change', () => changed(read()));
  return form;
}

// What the server is asked: local times become UTC.
function asked(filters) {
  const utc = (local) => {
    const time = new Date(local ?? '');
    return Number.isNaN(time.getTime()) ? '' : time.toISOString();
  };
  return {...filters, since: utc(filters.since), until: utc(filters.until)};
}

export function requests(root, filters) {
  const problem = h('p', {id: 'requests-problem', class: 'problem', role: 'alert'});
  const empty = h('p', {id: 'no-requests', class: 'empty', hidden: true});
  const list = requestTable('Requests', (row) => openRequest(row), [kSession]);
  list.node.id = 'requests';
  const older = h('button', {id: 'older', type: 'button', hidden: true, onclick: readOlder}, 'Show older');
  const live = h('span', {class: 'soft small'}, 'newest first, live');
  root.append(
    h('div', {class: 'title'}, h('h1', null, 'Requests')),
    filterForm(filters, (next) => {
      location.hash = `#/requests${query(next)}`;
    }),
    panel('Finished requests', live, problem, list.node, empty, h('div', {class: 'foot'}, older)),
  );

  let rows = [];
  let cursor = null;
  let further = false; // somebody has asked for older ones
  function show() {
    list.fill(rows);
    list.node.hidden = rows.length === 0;
    empty.hidden = rows.length > 0;
    if (cursor !== null) {
      empty.textContent = 'None of the latest requests matches these filters.';
    } else {
      empty.textContent =
        Object.keys(filters).length > 0
          ? 'No request matches these filters.'
          : 'No finished requests on record.';
    }
    older.hidden = cursor === null || rows.length >= kMaxRows;
  }
  async function read(more) {
    try {
      const {data, next_cursor: next} = await getJson(
        `/admin/requests${query({limit: kPage, ...asked(filters), ...more})}`,
      );
      problem.textContent = '';
      return {data, next};
    } catch (error) {
      problem.textContent = error.message;
      return null;
    }
  }
  // A page may be short, or empty, and not be the last: it is what a part of the records has.
  async function readOlder() {
    further = true;
    const wanted = rows.length + kPage;
    for (let parts = 0; parts < kMostParts && cursor !== null && rows.length < wanted; ++parts) {
      const page = await read({cursor});
      if (!page) return;
      rows = [...rows, ...page.data];
      cursor = page.next;
      show();
    }
  }
  const update = poll(async () => {
    const page = await read({});
    if (!page) return;
    const fresh = new Set(page.data.map((r) => r.request_id));
    // Older pages that were read stay; their cursor goes on from there.
    const kept = rows.filter((r) => !fresh.has(r.request_id));
    if (!further) {
      rows = page.data;
      cursor = page.next;
    } else {
      rows = [...page.data, ...kept]
        .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
        .slice(0, kMaxRows);
    }
    show();
  }, kPollMs);
  let written = null;
  const unfollow = follow((state) => {
    if (!state) return;
    if (written !== null && written !== state.telemetry.recorded + state.telemetry.written) update.poke();
    written = state.telemetry.recorded + state.telemetry.written;
  });
  return () => {
    update.stop();
    unfollow();
  };
}
