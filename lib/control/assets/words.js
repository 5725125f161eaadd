// What is wrong now, in words: one line each, the worst first.
import {count, percent, plural} from './format.js';

const kWindowMs = 5 * 60_000;
const kMaxQueue = 1000;

const line = (level, text, href) => ({level, text, href});

function attemptsOf(samples, now) {
  const byResource = new Map();
  for (const s of samples) {
    for (const attempt of s.attempts) {
      if (attempt.at < now - kWindowMs) continue;
      const sum = byResource.get(attempt.resource) ?? {all: 0, failed: 0, errors: new Map()};
      ++sum.all;
      if (attempt.error) {
        ++sum.failed;
        const what = attempt.status >= 400 ? `HTTP ${attempt.status}` : attempt.error.replaceAll('_', ' ');
        sum.errors.set(what, (sum.errors.get(what) ?? 0) + 1);
      }
      byResource.set(attempt.resource, sum);
    }
  }
  return byResource;
}

const most = (errors) => [...errors].sort((a, b) => b[1] - a[1])[0]?.[0];

function ofResource(r, sum) {
  const left = Math.max(r.cooldown_seconds ?? 0, r.blocked_seconds ?? 0);
  const failing =
    sum && sum.failed > 0
      ? `${count(sum.failed)} of ${plural(sum.all, 'request')} failed, ${most(sum.errors)}`
      : '';
  const href = `#/requests?resource_id=${encodeURIComponent(r.id)}`;
  if (r.health === 'unhealthy') {
    const back = left ? `on trial in ${left} s` : 'out until a check or a trial succeeds';
    return line(
      'bad',
      `${r.name}: ${[failing || r.health_reason || r.last_error || 'unhealthy', back].join(', ')}`,
      href,
    );
  }
  if (left > 0) {
    return line(
      'warn',
      `${r.name}: ${[failing || r.health_reason || 'asked to wait', `on trial in ${left} s`].join(', ')}`,
      href,
    );
  }
  if (r.health === 'degraded') {
    return line(
      'warn',
      `${r.name}: ${[failing || r.health_reason || 'degraded', 'on trial: one request at a time'].join(', ')}`,
      href,
    );
  }
  if (sum && sum.all >= 5 && sum.failed * 4 >= sum.all) return line('warn', `${r.name}: ${failing}`, href);
  return null;
}

function ofPools(resources) {
  const pools = new Map();
  for (const r of resources) {
    const pool = pools.get(r.pool_id) ?? {all: 0, usable: 0};
    ++pool.all;
    pool.usable += r.health !== 'unhealthy' && !r.blocked_seconds;
    pools.set(r.pool_id, pool);
  }
  return [...pools]
    .filter(([, pool]) => pool.usable === 0)
    .map(([id, pool]) =>
      line(
        'bad',
        `Pool ${id}: none of its ${plural(pool.all, 'resource')} can be used; its requests are refused`,
      ),
    );
}

function ofRecords({telemetry}) {
  const lines = [];
  if (telemetry.dropped > 0)
    lines.push(
      line(
        'bad',
        `${plural(telemetry.dropped, 'record')} lost since the start: the database could not keep up`,
      ),
    );
  if (telemetry.spooled > 0)
    lines.push(
      line('warn', `The database does not take records: ${count(telemetry.spooled)} wait in the spool file`),
    );
  if (telemetry.queued > kMaxQueue)
    lines.push(line('warn', `${count(telemetry.queued)} records wait for the database`));
  if (telemetry.stream?.reachable === false)
    lines.push(line('bad', 'The Redis stream of records does not answer'));
  if (telemetry.stream?.poison > 0)
    lines.push(
      line('warn', `Workers have set aside ${plural(telemetry.stream.poison, 'record')} that cannot be read`),
    );
  return lines;
}

// samples: finished requests of the last minutes.
export function wrongNow(state, samples, now = Date.now()) {
  if (state.resources.length === 0) {
    return [
      line(
        'bad',
        'No provider resources configured. Set OPENAI_API_KEY and start again, or register a provider.',
        '#/providers',
      ),
    ];
  }
  const attempts = attemptsOf(samples, now);
  const recent = samples.filter((s) => s.at >= now - kWindowMs);
  const failed = recent.filter((s) => s.failed).length;
  const lines = [
    ...ofPools(state.resources),
    ...state.resources.map((r) => ofResource(r, attempts.get(r.id))).filter(Boolean),
    ...ofRecords(state),
  ];
  if (state.draining)
    lines.unshift(
      line('bad', 'The server is shutting down: it ends what is under way and takes nothing new'),
    );
  if (state.shared_state?.up === false) {
    lines.push(
      line(
        'warn',
        `Redis does not answer (${state.shared_state.problem ?? 'no reason given'}): each replica decides by itself`,
      ),
    );
  }
  for (const problem of [state.registry?.database_problem, state.registry?.file_problem]) {
    if (problem) lines.push(line('warn', `Registered providers are those that were read last: ${problem}`, '#/providers'));
  }
  if (failed > 0 && failed * 50 >= recent.length) {
    lines.push(
      line(
        'warn',
        `${count(failed)} of ${plural(recent.length, 'request')} (${percent(failed / recent.length)}) failed for clients in the last 5 minutes`,
        '#/requests?status=5xx',
      ),
    );
  }
  return lines.sort((a, b) => (a.level === b.level ? 0 : a.level === 'bad' ? -1 : 1));
}

export function allWell(state, samples, now = Date.now()) {
  const recent = samples.filter((s) => s.at >= now - kWindowMs).length;
  const keys =
    state.resources.length === 1 ? 'The one resource is' : `All ${state.resources.length} resources are`;
  return `${keys} available. ${recent > 0 ? `${plural(recent, 'request')} in the last 5 minutes.` : 'No requests in the last 5 minutes.'}`;
}
