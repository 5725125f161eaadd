// Calls of the control plane. The admin token lives in this variable and nowhere else.
let token = '';

export const setToken = (value) => (token = value);
export const hasToken = () => token !== '';

// An answer that is no success: what the server said, and where a form was wrong.
export class Problem extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.error?.code ?? '';
    this.fields = body?.errors ?? [];
  }
  get refused() {
    return this.status === 401;
  }
  // The server has no such endpoint: it is older than this page, or was built without it.
  get notThere() {
    return this.code === 'unknown_path' || this.code === 'method_not_allowed';
  }
}

let onRefused = () => {};
export const whenRefused = (tell) => (onRefused = tell);

// options: method, body (sent as JSON), headers, signal
export async function call(path, {body, headers, ...options} = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: {
      ...(token && {authorization: `Bearer ${token}`}),
      ...(body !== undefined && {'content-type': 'application/json'}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store',
  });
  if (answer.ok) return answer;
  const problem = new Problem(answer.status, await answer.json().catch(() => null));
  if (problem.refused) onRefused(problem, path);
  throw problem;
}

export const getJson = async (path, options) => (await call(path, options)).json();
export const postJson = async (path, body) => (await call(path, {method: 'POST', body})).json();

// {a: 1, b: ''} -> '?a=1'
export function query(values) {
  const given = Object.entries(values).filter(
    ([, value]) => value !== '' && value !== null && value !== undefined,
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

// Calls work() again and again, `period` apart and never twice at once; not while nobody looks.
// poke() calls it soon, but not more often than every `least`.
export function poll(work, period, least = 1500) {
  let timer = 0;
  let running = false;
  let wanted = false;
  let last = 0;
  let over = false;
  async function run() {
    clearTimeout(timer);
    if (over || running) return;
    if (!document.hidden) {
      running = true;
      wanted = false;
      last = Date.now();
      await work();
      running = false;
    }
    if (!over) timer = setTimeout(run, wanted ? least : period);
  }
  const shown = () => !document.hidden && run();
  document.addEventListener('visibilitychange', shown);
  run();
  return {
    poke() {
      wanted = true;
      if (running || over) return;
      clearTimeout(timer);
      timer = setTimeout(run, Math.max(0, last + least - Date.now()));
    },
    stop() {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    },
  };
}
