// Sessions: the latest first; one opened shows its turns in order, and where it moved.
import {getJson, poll, query} from './api.js';
import {badge, dialog, h, panel, table} from './dom.js';
import {clock, count, millis, percent, plural, share, short, statusColour, words} from './format.js';
import {follow, nameOf} from './live.js';
import {openRequest} from './request_detail.js';

const kPage = 50;
const kTurns = 200;
const kPollMs = 10_000;

const cachedShare = (row) => percent(share(row.cached_tokens ?? 0, row.input_tokens));

function meter(part) {
  return h(
    'span',
    {class: 'meter', 'aria-hidden': 'true'},
    h('i', {width: `${Math.round(100 * (part ?? 0))}%`}),
  );
}

const sessionTable = (open) =>
  table(
    'Sessions',
    [
      {label: 'Session', cut: true, cell: (s) => s.session_name ?? s.session_id, title: (s) => s.session_id},
      {label: 'Last seen', cell: (s) => clock(s.last_seen_at), title: (s) => s.last_seen_at},
      {label: 'Last status', cell: (s) => badge(s.last_status_code, statusColour(s.last_status_code))},
      {label: 'Model', cut: true, cell: (s) => s.last_model},
      {
        label: 'Resource',
        cell: (s) => s.last_resource_id && nameOf(s.last_resource_id),
        title: (s) => s.last_resource_id ?? '',
      },
      {label: 'Requests', number: true, cell: (s) => count(s.request_count)},
      {label: 'Errors', number: true, cell: (s) => count(s.error_count)},
      {
        label: 'Tokens',
        number: true,
        cell: (s) => short(s.total_tokens),
        title: (s) => count(s.total_tokens) ?? '',
      },
      {
        label: 'Cached',
        cell: (s) =>
          h('span', {class: 'cached'}, meter(share(s.cached_tokens, s.input_tokens)), cachedShare(s) ?? '–'),
      },
    ],
    {open, id: (s) => s.session_id},
  );

// A turn, and what stands between it and the one before: the resource changed.
function turns(rows, open) {
  const list = h('ol', {class: 'turns'});
  let before = null;
  for (const r of rows) {
    if (before && r.resource_id && before !== r.resource_id) {
      const why = r.attempts.at(-1)?.reason;
      list.append(
        h(
          'li',
          {class: 'moved'},
          `Moved from ${nameOf(before)} to ${nameOf(r.resource_id)}${why ? ` (${words(why)})` : ''}: its prompt cache starts cold`,
        ),
      );
    }
    before = r.resource_id ?? before;
    list.append(
      h(
        'li',
        {class: 'turn'},
        h('button', {type: 'button', class: 'open', onclick: () => open(r)}, clock(r.created_at)),
        badge(r.status_code, statusColour(r.status_code)),
        h('span', {class: 'soft'}, r.resource_id ? nameOf(r.resource_id) : 'no resource'),
        h('span', {class: 'space'}),
        h(
          'span',
          {class: 'cached'},
          meter(share(r.cached_tokens, r.input_tokens)),
          `${cachedShare(r) ?? '–'} cached`,
        ),
        h(
          'span',
          {class: 'soft small'},
          `${count(r.input_tokens) ?? '–'} in, ${count(r.output_tokens) ?? '–'} out, ${millis(r.timings.duration_ms)}`,
        ),
      ),
    );
  }
  return list;
}

async function openSession(s) {
  const body = h('div', {'aria-live': 'polite'}, h('p', {class: 'soft'}, 'reading …'));
  dialog(
    `Session ${s.session_name ?? s.session_id}`,
    h(
      'p',
      {class: 'lead'},
      h('span', {class: 'mono'}, s.session_id),
      h('a', {href: `#/requests${query({session_id: s.session_id})}`}, 'as requests'),
    ),
    h(
      'p',
      {class: 'soft'},
      `${plural(s.request_count, 'request')}, ${plural(s.error_count, 'error')}, ${cachedShare(s) ?? 'none'} of the input from the prompt cache, since ${clock(s.created_at)}`,
    ),
    body,
  );
  try {
    const {data} = await getJson(`/admin/requests${query({session_id: s.session_id, limit: kTurns})}`);
    const rows = data.reverse();
    const places = rows.map((r) => r.resource_id).filter(Boolean);
    const moves = places.filter((id, index) => index > 0 && id !== places[index - 1]).length;
    body.replaceChildren(
      h('h3', null, `Turns in order${s.request_count > rows.length ? ` (the last ${rows.length})` : ''}`),
      h(
        'p',
        {class: 'soft'},
        moves === 0 ? 'It stayed with one resource.' : `It moved ${plural(moves, 'time')}.`,
      ),
      turns(rows, openRequest),
    );
  } catch (problem) {
    body.replaceChildren(h('p', {class: 'problem'}, problem.message));
  }
}

export function sessions(root) {
  const list = sessionTable(openSession);
  list.node.id = 'sessions';
  const problem = h('p', {class: 'problem', role: 'alert'});
  const empty = h(
    'p',
    {class: 'empty', hidden: true},
    'No session on record: requests name theirs with X-Proxy-Session-ID or metadata.session_id.',
  );
  const older = h('button', {type: 'button', hidden: true, onclick: readOlder}, 'Show older');
  root.append(
    h('div', {class: 'title'}, h('h1', null, 'Sessions')),
    panel('Latest first', null, problem, list.node, empty, h('div', {class: 'foot'}, older)),
  );
  let rows = [];
  let cursor = null;
  function show() {
    list.fill(rows);
    list.node.hidden = rows.length === 0;
    empty.hidden = rows.length > 0;
    older.hidden = cursor === null;
  }
  async function read(more) {
    try {
      const page = await getJson(`/admin/sessions${query({limit: kPage, ...more})}`);
      problem.textContent = '';
      return page;
    } catch (error) {
      problem.textContent = error.message;
      return null;
    }
  }
  async function readOlder() {
    const page = await read({cursor});
    if (!page) return;
    rows = [...rows, ...page.data];
    cursor = page.next_cursor;
    show();
  }
  const update = poll(async () => {
    if (rows.length > kPage) return; // who reads further back is not disturbed
    const page = await read({});
    if (!page) return;
    rows = page.data;
    cursor = page.next_cursor;
    show();
  }, kPollMs);
  let named = false; // names of resources come with the first state
  const unfollow = follow((state) => {
    if (state && !named) {
      named = true;
      update.poke();
    }
  });
  return () => {
    update.stop();
    unfollow();
  };
}
