// Sessions: the latest first; one opened shows its turns in order, and where it moved.
import {getJson, poll, query} from './api.js';
import {badge, dialog, h, meter, panel, table} from './dom.js';
import {clock, count, millis, percent, plural, share, short, statusColour, words} from './format.js';
import {follow, nameOf} from './live.js';
import {openRequest} from './request_detail.js';

const kPage = 50;
const kTurns = 100;
const kPollMs = 10_000;

const cachedShare = (row) => percent(share(row.cached_tokens ?? 0, row.input_tokens));

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

// A turn, and before it the move to another resource, if there was one.
function turn(r, open) {
  const why = r.attempts.at(-1)?.reason;
  const moved =
    r.moved_from &&
    h(
      'li',
      {class: 'moved'},
      `Moved from ${nameOf(r.moved_from)} to ${nameOf(r.resource_id)}${why ? ` (${words(why)})` : ''}: its prompt cache starts cold`,
    );
  const tokens = `${count(r.input_tokens) ?? '–'} in, ${count(r.output_tokens) ?? '–'} out`;
  return [
    moved,
    h(
      'li',
      {class: 'turn'},
      h('button', {type: 'button', class: 'open', onclick: () => open(r)}, clock(r.created_at)),
      badge(r.status_code, statusColour(r.status_code)),
      h('span', {class: 'soft'}, r.resource_id ? nameOf(r.resource_id) : 'no resource'),
      h('span', {class: 'space'}),
      h('span', {class: 'cached'}, meter(r.cached_share), `${percent(r.cached_share) ?? '–'} cached`),
      h('span', {class: 'soft small'}, `${tokens}, ${millis(r.timings.duration_ms)}`),
    ),
  ];
}

async function openSession(s) {
  const heading = h('h3', null, 'Turns in order');
  const moves = h('p', {class: 'soft', 'aria-live': 'polite'}, 'reading …');
  const list = h('ol', {class: 'turns'});
  const earlier = h('button', {type: 'button', hidden: true, onclick: read}, 'Show earlier turns');
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
    heading,
    moves,
    h('div', {class: 'foot'}, earlier),
    list,
  );
  let cursor = null;
  let shown = 0;
  let moved = 0;
  async function read() {
    try {
      const path = `/admin/sessions/${encodeURIComponent(s.session_id)}`;
      const page = await getJson(`${path}${query({limit: kTurns, cursor})}`);
      cursor = page.next_cursor;
      shown += page.turns.length;
      moved += page.moves;
      list.prepend(...page.turns.flatMap((r) => turn(r, openRequest)).filter(Boolean));
      earlier.hidden = cursor === null;
      heading.textContent = `Turns in order${cursor === null ? '' : ` (the last ${shown})`}`;
      moves.textContent = moved === 0 ? 'It stayed with one resource.' : `It moved ${plural(moved, 'time')}.`;
    } catch (problem) {
      moves.replaceChildren(h('span', {class: 'problem'}, problem.message));
    }
  }
  await read();
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
