// Resources: a card each, and a health check on demand.
import {poll, postJson} from './api.js';
import {badge, dash, h, keyed, svg} from './dom.js';
import {ago, count, healthColour, millis, percent, plural, share} from './format.js';
import {follow, healthSeen} from './live.js';
import * as series from './series.js';

const kSparkSeconds = 900;
const kPollMs = 5000;

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

function card({r, points, since, check}) {
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
      since && h('span', {class: 'soft small'}, `for ${since}`),
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
      value('Last check here', check),
    ),
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

  const checks = new Map(); // by resource: what the last check from here said
  let state = null;
  let points = new Map();
  function paint() {
    if (!state) return;
    const flat = Array(30).fill(0);
    const items = state.resources.map((r) => {
      const seen = healthSeen(r.id);
      return {
        r,
        points: points.get(r.id) ?? flat,
        since: seen?.since ? ago(seen.since) : '',
        check: checks.get(r.id) ?? null,
      };
    });
    keyed(list, items, ({r}) => r.id, card);
    empty.hidden = items.length > 0;
  }
  async function checkNow() {
    check.disabled = true;
    result.textContent = 'checking …';
    try {
      const {data} = await postJson('/admin/health/check');
      for (const one of data)
        checks.set(one.resource_id, `${one.error ?? one.health}, ${millis(one.latency_ms)}`);
      result.textContent = `${data.filter((one) => one.health === 'healthy').length} of ${plural(data.length, 'resource')} healthy`;
    } catch (problem) {
      result.textContent = problem.message;
    }
    check.disabled = false;
    paint();
  }
  const update = poll(async () => {
    try {
      await series.readBack(Date.now() - kSparkSeconds * 1000);
      await series.readNew();
    } catch {
      return; // the cards say what they can without records
    }
    const begin = Date.now() - kSparkSeconds * 1000;
    points = new Map();
    for (const s of series.since(begin)) {
      if (!points.has(s.resource)) points.set(s.resource, Array(30).fill(0));
      ++points.get(s.resource)[Math.min(29, Math.floor(((s.at - begin) / 1000 / kSparkSeconds) * 30))];
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
