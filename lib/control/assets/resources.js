// Resources: a card each, and a health check on demand.
import {poll, postJson} from './api.js';
import {badge, dash, h, keyed, meter, svg} from './dom.js';
import {clock, count, healthColour, millis, percent, plural, share} from './format.js';
import {follow} from './live.js';
import {readSeries} from './series.js';

const kSparkSeconds = 900;
const kPollMs = 5000;
const kMaxLimits = 8; // shown of each resource
const kTight = 0.1;

const value = (label, text, title) => h('div', null, h('dt', null, label), h('dd', {title}, dash(text)));

function spark(points) {
  const most = Math.max(1, ...points);
  const step = 100 / (points.length - 1);
  const line = points
    .map((v, n) => `${(n * step).toFixed(1)},${(23 - (22 * v) / most).toFixed(1)}`)
    .join(' ');
  return svg(
    'svg',
    {
      viewBox: '0 0 100 24',
      preserveAspectRatio: 'none',
      class: 'spark',
      role: 'img',
      'aria-label': `${points.reduce((sum, n) => sum + n, 0)} requests in the last 15 minutes`,
    },
    svg('polygon', {points: `0,24 ${line} 100,24`}),
    svg('polyline', {points: line}),
  );
}

function waits(r) {
  const left = Math.max(r.cooldown_seconds ?? 0, r.blocked_seconds ?? 0);
  if (left > 0)
    return r.blocked_seconds
      ? `The provider asked to wait: ${left} s left`
      : `Cooldown: on trial in ${left} s`;
  if (r.health === 'degraded') return 'On trial: one request at a time';
  return r.health === 'unhealthy' ? 'Out until a check or a trial succeeds' : '';
}

// What is left of a provider's limits: the tightest first.
function limits(r) {
  if (r.limits.length === 0) return null;
  const rows = [...r.limits].sort((a, b) => a.headroom - b.headroom);
  return h(
    'div',
    {class: 'limits'},
    h('h3', null, 'Limits of the provider'),
    h(
      'ul',
      null,
      rows.slice(0, kMaxLimits).map((limit) => {
        const left = percent(limit.headroom);
        const whose = limit.model ? `${limit.meter} of ${limit.model}` : limit.meter;
        const numbers = limit.limit === null ? '' : `${count(limit.remaining)} of ${count(limit.limit)} left, `;
        const full = limit.full_at && limit.headroom < 1 ? `, full at ${clock(limit.full_at)}` : '';
        return h(
          'li',
          {title: `${numbers}said at ${clock(limit.seen_at)}${full}`},
          h('span', {class: 'cut'}, whose),
          meter(limit.headroom, limit.headroom < kTight ? 'tight' : ''),
          h('span', {class: 'number'}, `${left} left`),
        );
      }),
    ),
  );
}

function lastCheck(check) {
  if (!check) return null;
  return `${check.error ?? check.health}, ${millis(check.latency_ms)}, at ${clock(check.at)}`;
}

function card({r, points}) {
  const since = r.health_since;
  const reason = r.health_reason || (r.health === 'healthy' ? '' : r.last_error);
  const wait = waits(r);
  return h(
    'article',
    {class: `panel card ${healthColour[r.health] ?? ''}`, 'aria-label': r.name},
    h(
      'div',
      {class: 'head'},
      h('h2', null, r.name),
      badge(r.health, healthColour[r.health]),
      since && h('span', {class: 'soft small', title: since}, `since ${clock(since)}`),
      h('span', {class: 'space'}),
      h(
        'a',
        {href: `#/requests?resource_id=${encodeURIComponent(r.id)}`, data: {focus: 'requests'}},
        'Requests',
      ),
    ),
    reason && h('p', {class: 'reason'}, reason),
    wait && h('p', {class: 'wait'}, wait),
    spark(points),
    h(
      'dl',
      null,
      value('In flight', count(r.in_flight)),
      value('Requests', count(r.total_requests)),
      value(
        'Errors',
        r.total_errors
          ? `${count(r.total_errors)} (${percent(share(r.total_errors, r.total_requests)) ?? '–'})`
          : '0',
      ),
      value('Last latency', millis(r.last_latency_ms)),
      value('Weight', r.weight),
      value('Pool', r.pool_id, r.pool_id),
      value('Key', r.key),
      value('Provider', r.provider_id),
      value('Last check', lastCheck(r.last_check), lastCheck(r.last_check)),
    ),
    limits(r),
    h('p', {class: 'soft small mono id'}, r.id),
  );
}

export function resources(root) {
  const list = h('div', {id: 'resources', class: 'cards'});
  const empty = h(
    'p',
    {class: 'panel empty', hidden: true},
    'No provider resources configured. Set OPENAI_API_KEY and start again, or register a provider.',
  );
  const result = h('span', {id: 'check-result', class: 'soft', role: 'status'});
  const check = h(
    'button',
    {id: 'check', type: 'button', class: 'main', onclick: checkNow},
    'Check health now',
  );
  root.append(
    h('div', {class: 'title'}, h('h1', null, 'Resources'), h('span', {class: 'space'}), result, check),
    list,
    empty,
  );

  let state = null;
  let points = new Map();
  function paint() {
    if (!state) return;
    const flat = [0, 0];
    const items = state.resources.map((r) => ({r, points: points.get(r.id) ?? flat}));
    keyed(list, items, ({r}) => r.id, card);
    empty.hidden = items.length > 0;
  }
  async function checkNow() {
    check.disabled = true;
    result.textContent = 'checking …';
    try {
      const {data} = await postJson('/admin/health/check');
      result.textContent = `${data.filter((one) => one.health === 'healthy').length} of ${plural(data.length, 'resource')} healthy`;
    } catch (problem) {
      result.textContent = problem.message;
    }
    check.disabled = false;
    paint();
  }
  const update = poll(async () => {
    try {
      const {resources: all} = await readSeries(kSparkSeconds);
      points = new Map(all.map((r) => [r.resource_id, r.requests_by_point]));
    } catch {
      return; // the cards say what they can without
    }
    paint();
  }, kPollMs);
  const unfollow = follow((next) => {
    state = next ?? state;
    paint();
  });
  return () => {
    update.stop();
    unfollow();
  };
}
