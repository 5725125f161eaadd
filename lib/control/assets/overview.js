// Overview: what is wrong now, the figures of this moment, and charts over a selectable time.
import {poll} from './api.js';
import {Chart} from './charts.js';
import {choice, h, keyed} from './dom.js';
import {clock, count, millis, percent, share, short} from './format.js';
import {follow, nameOf} from './live.js';
import * as series from './series.js';
import {allWell, wrongNow} from './words.js';

const kPollMs = 5000;
const kMaxLines = 7; // resources with a colour of their own
let range = 900; // as chosen last

const kColours = Array.from({length: kMaxLines}, (_, n) => `--c${n + 1}`);

function charts() {
  const rate = (v) => `${short(v)}/s`;
  return {
    rate: new Chart('Requests per second', {kind: 'stack', format: rate}),
    latency: new Chart('Duration', {format: millis}),
    first: new Chart('Time to first event (streams)', {format: millis}),
    tokens: new Chart('Tokens per minute', {kind: 'stack', format: short}),
    cached: new Chart('Input from the prompt cache', {format: percent}),
    trouble: new Chart('Errors and failovers', {format: percent}),
  };
}

// The busiest resources have lines of their own, in the order of the state so that colours stay.
function resourceLines(list, state) {
  const sums = new Map();
  for (const bucket of list) {
    for (const [id, n] of bucket.byResource) sums.set(id, (sums.get(id) ?? 0) + n);
  }
  const order = [...new Set([...state.resources.map((r) => r.id), ...sums.keys()])];
  const shown = new Set(
    [...sums]
      .filter(([id]) => id)
      .sort((a, b) => b[1] - a[1])
      .slice(0, kMaxLines)
      .map(([id]) => id),
  );
  const lines = order
    .filter((id) => shown.has(id))
    .map((id, index) => ({
      label: nameOf(id),
      colour: kColours[index],
      values: list.map((b) => (b.byResource.get(id) ?? 0) / b.step),
    }));
  const rest = list.map(
    (b) => [...b.byResource].filter(([id]) => !shown.has(id)).reduce((sum, [, n]) => sum + n, 0) / b.step,
  );
  if (rest.some((v) => v > 0))
    lines.push({label: sums.size > kMaxLines ? 'others' : 'no resource', colour: '--none', values: rest});
  return lines;
}

function draw(all, state) {
  const list = series.buckets(range);
  const x = list.map((b) => b.at);
  const recent = series.since(Date.now() - range * 1000);
  const sorted = (pick) =>
    recent
      .map(pick)
      .filter((v) => v !== null && v > 0)
      .sort((a, b) => a - b);
  const line = (label, colour, values) => ({label, colour, values: list.map(values)});
  const q = (of, share_) => (b) => series.quantile(b[of], share_);
  all.rate.set(x, resourceLines(list, state), `${short(recent.length / range)}/s`);
  all.latency.set(
    x,
    [
      line('p50', '--c1', q('ms', 0.5)),
      line('p95', '--c3', q('ms', 0.95)),
      line('p99', '--c4', q('ms', 0.99)),
    ],
    `p95 ${
      millis(
        series.quantile(
          sorted((s) => s.ms),
          0.95,
        ),
      ) ?? '–'
    }`,
  );
  all.first.set(
    x,
    [line('p50', '--c1', q('first', 0.5)), line('p95', '--c3', q('first', 0.95))],
    `p95 ${
      millis(
        series.quantile(
          sorted((s) => (s.stream ? s.first : null)),
          0.95,
        ),
      ) ?? '–'
    }`,
  );
  const perMinute = (pick) => (b) => (pick(b) * 60) / b.step;
  all.tokens.set(
    x,
    [
      line(
        'input',
        '--c1',
        perMinute((b) => Math.max(0, b.input - b.cached)),
      ),
      line(
        'cached input',
        '--c2',
        perMinute((b) => b.cached),
      ),
      line(
        'output',
        '--c5',
        perMinute((b) => b.output),
      ),
    ],
    `${short(recent.reduce((sum, s) => sum + s.input + s.output, 0))} in all`,
  );
  const input = recent.reduce((sum, s) => sum + s.input, 0);
  all.cached.set(
    x,
    [line('cached share', '--c2', (b) => share(b.cached, b.input))],
    percent(
      share(
        recent.reduce((sum, s) => sum + s.cached, 0),
        input,
      ),
    ),
  );
  all.trouble.set(
    x,
    [
      line('errors', '--c4', (b) => share(b.failed, b.requests)),
      line('failovers', '--c3', (b) => share(b.moved, b.requests)),
    ],
    `${percent(share(recent.filter((s) => s.failed).length, recent.length)) ?? '–'} errors`,
  );
}

function tile(label, id, note = '') {
  return h(
    'div',
    {class: 'tile'},
    h('span', {class: 'soft'}, label),
    h('b', {id}, '–'),
    h('span', {class: 'soft small', id: `${id}-note`}, note),
  );
}

const fill = (root, id, text, note) => {
  root.querySelector(`#${id}`).textContent = text;
  if (note !== undefined) root.querySelector(`#${id}-note`).textContent = note;
};

function showWrong(node, state) {
  const samples = series.since(Date.now() - 600_000);
  const lines = wrongNow(state, samples);
  const shown = lines.length > 0 ? lines : [{level: 'good', text: allWell(state, samples)}];
  keyed(
    node,
    shown,
    (l) => l.text.replace(/\d+ s$/, ''),
    (l) =>
      h(
        'li',
        {class: l.level},
        h('span', {class: 'dot', 'aria-hidden': 'true'}),
        h(
          'span',
          {class: 'sr'},
          l.level === 'good' ? 'Fine: ' : l.level === 'bad' ? 'Problem: ' : 'Warning: ',
        ),
        l.href ? h('a', {href: l.href, data: {focus: 'link'}}, l.text) : h('span', null, l.text),
      ),
  );
}

export function overview(root) {
  const wrong = h('ul', {id: 'wrong', class: 'wrong'});
  const coverage = h('p', {id: 'coverage', class: 'soft small'});
  const all = charts();
  root.append(
    h(
      'div',
      {class: 'title'},
      h('h1', null, 'Overview'),
      h('span', {class: 'space'}),
      choice('Time shown', series.kRanges, range, (value) => {
        range = value;
        update.poke();
        paint();
      }),
    ),
    h('section', {class: 'panel now', 'aria-label': 'What is wrong now'}, wrong),
    h(
      'div',
      {class: 'tiles'},
      tile('Requests under way', 'active'),
      tile('Resources available', 'available'),
      tile('Affinity entries', 'affinity'),
      tile('Records waiting', 'queue'),
    ),
    coverage,
    h(
      'div',
      {class: 'charts'},
      Object.values(all).map((c) => c.node),
    ),
  );

  let state = null;
  let problem = '';
  function paint() {
    if (!state) return;
    const from = Date.now() - range * 1000;
    const whole = series.wholeSince(from);
    coverage.replaceChildren();
    if (problem) coverage.append(h('span', {class: 'problem'}, problem));
    else if (whole > from + 1000) {
      coverage.append(
        `Charts show the newest ${count(series.since(whole).length)} requests, since ${clock(new Date(whole).toISOString())}. `,
        h('button', {type: 'button', class: 'link', onclick: more}, 'Read further back'),
      );
    }
    draw(all, state);
    showWrong(wrong, state);
  }
  async function more() {
    await read(() => series.readBack(Date.now() - range * 1000));
    paint();
  }
  async function read(work) {
    try {
      await work();
      problem = '';
    } catch (error) {
      problem = `The records cannot be read: ${error.message}`;
    }
  }
  let asked = null; // the range whose history was read
  const update = poll(async () => {
    await read(async () => {
      if (asked !== range) {
        await series.readBack(Date.now() - range * 1000);
        asked = range;
      }
      await series.readNew();
    });
    paint();
  }, kPollMs);
  const unfollow = follow((next) => {
    if (!next) return;
    const first = state === null;
    state = next;
    const usable = next.resources.filter((r) => r.health !== 'unhealthy' && !r.blocked_seconds).length;
    fill(root, 'active', count(next.active_exchanges), `${count(next.open_sockets)} open sockets`);
    fill(
      root,
      'available',
      `${usable} of ${next.resources.length}`,
      next.shared_state ? `${next.shared_state.replicas} replicas` : 'one replica, no Redis',
    );
    fill(root, 'affinity', short(next.affinity_count), `${count(next.affinity.sessions)} sessions`);
    fill(
      root,
      'queue',
      count(next.queue_depth),
      next.telemetry.dropped ? `${count(next.telemetry.dropped)} lost` : 'none lost',
    );
    if (first) paint();
    else showWrong(wrong, next);
  });
  return () => {
    update.stop();
    unfollow();
    for (const chart of Object.values(all)) chart.end();
  };
}
