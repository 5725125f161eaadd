// How values are written.

export const count = (n) => (n === null || n === undefined ? null : n.toLocaleString('en'));

// 1234567 -> 1.2M
export function short(n) {
  if (n === null || n === undefined) return null;
  const units = [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  for (const [size, unit] of units) {
    if (Math.abs(n) >= size) return `${(n / size).toFixed(Math.abs(n) >= size * 100 ? 0 : 1)}${unit}`;
  }
  return Number.isInteger(n) ? String(n) : n.toFixed(n < 10 ? 2 : 1);
}

export function millis(n) {
  if (n === null || n === undefined) return null;
  if (n < 10) return `${n.toFixed(1)} ms`;
  if (n < 1000) return `${Math.round(n)} ms`;
  return n < 60_000
    ? `${(n / 1000).toFixed(2)} s`
    : `${Math.floor(n / 60_000)} min ${Math.round((n % 60_000) / 1000)} s`;
}

export const percent = (share) =>
  share === null || Number.isNaN(share)
    ? null
    : `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

export const share = (part, whole) => (whole ? part / whole : null);

// Today: the time; else with the day.
export function clock(iso) {
  const time = new Date(iso);
  const today = new Date().toDateString() === time.toDateString();
  return (today ? '' : `${time.toLocaleDateString('en-CA')} `) + time.toLocaleTimeString('en-GB');
}

export function bytes(n) {
  if (n === null || n === undefined) return null;
  return n < 1024
    ? `${n} B`
    : n < 1048576
      ? `${(n / 1024).toFixed(1)} KiB`
      : `${(n / 1048576).toFixed(1)} MiB`;
}

export const words = (name) => (name ? name.replaceAll('_', ' ') : name);
export const statusColour = (status) => (status < 400 ? 'good' : status < 500 ? 'warn' : 'bad');
export const healthColour = {healthy: 'good', degraded: 'warn', unhealthy: 'bad'};
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
