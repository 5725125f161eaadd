// Overview: what is wrong now, the figures of this moment, and charts over a selectable time.
import {poll, query} from './api.js';
import {Chart} from './charts.js';
import {choice, h, keyed} from './dom.js';
import {clock, count, millis, percent, plural, share, short} from './format.js';
import {follow, nameOf} from './live.js';
import {kRanges, readSeries, secondsOf, settled} from './series.js';

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
function resourceLines(report, points, state) {
  const named = report.resources.filter((r) => r.resource_id && r.requests > 0);
  const busiest = [...named].sort((a, b) => b.requests - a.requests).slice(0, kMaxLines);
  const order = state.resources.map((r) => r.id);
  const place = (r) => (order.indexOf(r.resource_id) + order.length + 1) % (order.length + 1);
  const shown = named.filter((r) => busiest.includes(r)).sort((a, b) => place(a) - place(b));
  const lines = shown.map((r, index) => ({
    label: nameOf(r.resource_id),
    colour: kColours[index],
    values: points.map((point, at) => r.requests_by_point[at] / point.seconds),
  }));
  const rest = points.map((point, at) => {
    const known = shown.reduce((sum, r) => sum + r.requests_by_point[at], 0);
    return Math.max(0, point.requests - known) / point.seconds;
  });
  if (rest.some((v) => v > 0)) {
    const others = report.resources.length > shown.length;
    lines.push({label: others ? 'others' : 'no resource', colour: '--none', values: rest});
  }
  return lines;
}

function draw(all, report, state) {
  const points = settled(report);
  const {sums} = report;
  const x = points.map((point) => Date.parse(point.at) / 1000);
  const line = (label, colour, value) => ({label, colour, values: points.map(value)});
  const quantile = (of, name) => (point) => point[of]?.[name] ?? null;
  const perMinute = (value) => (point) => (value(point) * 60) / point.seconds;
  const p95 = (of) => `p95 ${millis(sums[of]?.p95 ?? null) ?? '–'}`;
  all.rate.set(
    x,
    resourceLines(report, points, state),
    `${short(sums.requests / secondsOf(report.points))}/s`,
  );
  all.latency.set(
    x,
    [
      line('p50', '--c1', quantile('duration_ms', 'p50')),
      line('p95', '--c3', quantile('duration_ms', 'p95')),
      line('p99', '--c4', quantile('duration_ms', 'p99')),
    ],
    p95('duration_ms'),
  );
  all.first.set(
    x,
    [
      line('p50', '--c1', quantile('first_event_ms', 'p50')),
      line('p95', '--c3', quantile('first_event_ms', 'p95')),
      line('p99', '--c4', quantile('first_event_ms', 'p99')),
    ],
    p95('first_event_ms'),
  );
  all.tokens.set(
    x,
    [
      line(
        'input',
        '--c1',
        perMinute((point) => Math.max(0, point.input_tokens - point.cached_tokens)),
      ),
      line(
        'cached input',
        '--c2',
        perMinute((point) => point.cached_tokens),
      ),
      line(
        'output',
        '--c5',
        perMinute((point) => point.output_tokens),
      ),
    ],
    `${short(sums.input_tokens + sums.output_tokens)} in all`,
  );
  all.cached.set(
    x,
    [line('cached share', '--c2', (point) => share(point.cached_tokens, point.input_tokens))],
    percent(share(sums.cached_tokens, sums.input_tokens)),
  );
  all.trouble.set(
    x,
    [
      line('errors', '--c4', (point) => share(point.errors, point.requests)),
      line('failovers', '--c3', (point) => share(point.failovers, point.requests)),
    ],
    `${percent(share(sums.errors, sums.requests)) ?? '–'} errors`,
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

function allWell({resources: all, recent}) {
  const keys = all.length === 1 ? 'The one resource is' : `All ${all.length} resources are`;
  const had = recent?.requests > 0 ? plural(recent.requests, 'request') : 'No requests';
  return `${keys} available. ${had} in the last 5 minutes.`;
}

const kSaid = {good: 'Fine: ', warn: 'Warning: ', bad: 'Problem: '};

function showWrong(node, state) {
  const lines = state.wrong.length > 0 ? state.wrong : [{level: 'good', text: allWell(state)}];
  keyed(
    node,
    lines,
    (line) => line.text.replace(/\d+ s$/, ''),
    (line) =>
      h(
        'li',
        {class: line.level},
        h('span', {class: 'dot', 'aria-hidden': 'true'}),
        h('span', {class: 'sr'}, kSaid[line.level]),
        line.resource_id
          ? h('a', {href: `#/requests${query({resource_id: line.resource_id})}`, data: {focus: 'link'}}, line.text)
          : h('span', null, line.text),
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
      choice('Time shown', kRanges, range, (value) => {
        range = value;
        update.poke();
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
  let report = null;
  let problem = '';
  function paint() {
    if (problem) coverage.replaceChildren(h('span', {class: 'problem'}, problem));
    else if (report) {
      const whole = report.counted_since <= report.since;
      coverage.textContent = whole ? '' : `Counted since this process began: ${clock(report.counted_since)}.`;
    }
    if (state && report) draw(all, report, state);
  }
  const update = poll(async () => {
    try {
      report = await readSeries(range);
      problem = '';
    } catch (error) {
      problem = `The time series cannot be read: ${error.message}`;
    }
    paint();
  }, kPollMs, 200);
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
    showWrong(wrong, next);
  });
  return () => {
    update.stop();
    unfollow();
    for (const chart of Object.values(all)) chart.end();
  };
}
