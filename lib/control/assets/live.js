// The live state: /admin/events, read with fetch because an EventSource cannot send the token;
// /admin/state while there is no place for another viewer.
import {call, getJson} from './api.js';

const kRetryMs = 1500;
const kPollMs = 3000;
const kSilenceMs = 20_000; // events come every few seconds even when nothing changes
const kHiddenMs = 30_000; // a tab nobody looks at gives its place to another viewer

const listeners = new Set();
let state = null;
let link = 'connecting';
let running = false;
let stream = null;

export const current = () => state;
export const nameOf = (id) => state?.resources.find((r) => r.id === id)?.name ?? id;

// tell(state, link): at once, at every event and when the connection changes. Gives back what ends it.
export function follow(tell) {
  listeners.add(tell);
  tell(state, link);
  return () => listeners.delete(tell);
}

function show(next, how) {
  if (next) state = next;
  link = how;
  for (const tell of listeners) tell(state, link);
}

async function readEvents() {
  stream = new AbortController();
  const answer = await call('/admin/events', {signal: stream.signal});
  let silence = 0;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  try {
    for (;;) {
      clearTimeout(silence);
      silence = setTimeout(() => stream.abort(), kSilenceMs);
      const {value, done} = await reader.read();
      if (done) return;
      const events = (pending + value).split('\n\n');
      pending = events.pop();
      const last = events
        .map((event) => event.split('\n').find((line) => line.startsWith('data: ')))
        .filter(Boolean)
        .pop();
      if (last) show(JSON.parse(last.slice(6)), 'live');
    }
  } finally {
    clearTimeout(silence);
  }
}

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const visible = () =>
  new Promise((resume) => {
    if (!document.hidden) return resume();
    document.addEventListener('visibilitychange', resume, {once: true});
  });

// Until the token is refused; start() begins anew.
export async function start() {
  if (running) return;
  running = true;
  for (;;) {
    await visible();
    let full = false;
    try {
      await readEvents();
    } catch (problem) {
      if (problem.refused) break;
      full = problem.status === 503;
    }
    try {
      show(await getJson('/admin/state'), full ? 'polling' : 'connecting');
    } catch (problem) {
      if (problem.refused) break;
      show(null, 'not reachable');
    }
    await pause(full ? kPollMs : kRetryMs);
  }
  running = false;
  show(null, 'token needed');
}

let hiding = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => stream?.abort(), kHiddenMs);
});
