// What the charts are made of: a bounded window of finished requests, kept in this tab. History is read page by
// page from /admin/requests, then only what is new; the server's work does not grow with its records.
import {getJson, query} from './api.js';

const kPage = 500;
const kPagesAtOnce = 4;
const kMaxSamples = 20_000;

export const kRanges = [
  [900, '15 min'],
  [3600, '1 h'],
  [21600, '6 h'],
  [86400, '24 h'],
  [604800, '7 d'],
];
const kBuckets = 60;

let samples = []; // oldest first
let known = new Set();
let oldest = null; // everything since then is here; null: nothing read yet
let ends = false; // there is nothing older

// Errors leave out what the client caused, as everywhere.
const failed = (row) => row.blame !== 'none' && row.blame !== 'client' && row.status_code >= 400;

function sample(row) {
  return {
    id: row.request_id,
    at: Date.parse(row.created_at),
    resource: row.resource_id,
    model: row.model_alias ?? row.model,
    status: row.status_code,
    failed: failed(row) || (row.blame !== 'none' && row.blame !== 'client' && !row.completed),
    moved: row.attempts.length > 1,
    ms: row.timings.duration_ms,
    first: row.timings.first_byte_ms,
    stream: row.stream,
    cached: row.cached_tokens ?? 0,
    input: row.input_tokens ?? 0,
    output: row.output_tokens ?? 0,
    attempts: row.attempts.map((a) => ({
      resource: a.resource_id,
      at: Date.parse(a.started_at),
      error: a.blame === 'client' ? null : a.error,
      status: a.status_code,
    })),
  };
}

function add(rows) {
  let fresh = 0;
  for (const row of rows) {
    if (known.has(row.request_id)) continue;
    known.add(row.request_id);
    samples.push(sample(row));
    ++fresh;
  }
  if (fresh === 0) return;
  samples.sort((a, b) => a.at - b.at);
  if (samples.length > kMaxSamples) {
    samples = samples.slice(-kMaxSamples);
    known = new Set(samples.map((s) => s.id));
    oldest = samples[0].at;
    ends = false;
  }
}

// Back to `since`, at most `pages` pages further than before.
export async function readBack(since, pages = kPagesAtOnce) {
  for (let n = 0; n < pages && !ends && (oldest === null || oldest > since); ++n) {
    if (samples.length + kPage > kMaxSamples) return;
    // `until` excludes its own millisecond, which may hold more than the last page had.
    const until = oldest === null ? '' : new Date(oldest + 1).toISOString();
    const {data, next_cursor: more} = await getJson(`/admin/requests${query({limit: kPage, until})}`);
    add(data);
    ends = more === null;
    if (data.length > 0) oldest = Date.parse(data.at(-1).created_at);
    else oldest = since;
  }
}

// What has ended since the last look: requests are on record when they end and listed by when they began, so it
// looks back as far as recent ones took.
export async function readNew() {
  if (oldest === null) return;
  const recent = samples.slice(-200);
  const longest = Math.max(15_000, ...recent.map((s) => s.ms * 1.5));
  const from = Math.max(oldest, (samples.at(-1)?.at ?? oldest) - Math.min(300_000, longest));
  const {data} = await getJson(
    `/admin/requests${query({limit: kPage, since: new Date(from).toISOString()})}`,
  );
  add(data);
}

// Since when the window is whole, at or after `since`.
export const wholeSince = (since) => (ends || oldest === null ? since : Math.max(since, oldest));
export const since = (time) => samples.filter((s) => s.at >= time);

export function quantile(sorted, q) {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? sorted[0];
}

// One object per step of the range, oldest first.
export function buckets(seconds, now = Date.now()) {
  const step = Math.max(5, seconds / kBuckets);
  // The step that goes on counts for as long as it has gone on, once that says something.
  const begun = Math.floor(now / 1000 / step) * step;
  const partial = now / 1000 - begun;
  const end = partial < step / 3 ? begun : begun + step;
  const list = Array.from({length: kBuckets}, (_, index) => ({
    at: end - (kBuckets - index) * step,
    step: end > begun && index === kBuckets - 1 ? partial : step,
    requests: 0,
    failed: 0,
    moved: 0,
    cached: 0,
    input: 0,
    output: 0,
    ms: [],
    first: [],
    byResource: new Map(),
  }));
  const begin = list[0].at;
  for (const s of since(begin * 1000)) {
    const bucket = list[Math.floor((s.at / 1000 - begin) / step)];
    if (bucket === undefined) continue;
    ++bucket.requests;
    bucket.failed += s.failed;
    bucket.moved += s.moved;
    bucket.cached += s.cached;
    bucket.input += s.input;
    bucket.output += s.output;
    if (s.ms > 0) bucket.ms.push(s.ms);
    if (s.stream && s.first !== null) bucket.first.push(s.first);
    bucket.byResource.set(s.resource, (bucket.byResource.get(s.resource) ?? 0) + 1);
  }
  for (const bucket of list) {
    bucket.ms.sort((a, b) => a - b);
    bucket.first.sort((a, b) => a - b);
  }
  return list;
}

export function forget() {
  samples = [];
  known = new Set();
  oldest = null;
  ends = false;
}
