// What has passed over time, for charts: /admin/timeseries, which the server sums up as it goes. It costs the same
// whatever is on record.
import {getJson, query} from './api.js';

export const kRanges = [
  [900, '15 min'],
  [3600, '1 h'],
  [21600, '6 h'],
  [86400, '24 h'],
  [604800, '7 d'],
];

export const readSeries = (seconds) => getJson(`/admin/timeseries${query({seconds})}`);

// Without a last point that has only just begun: its rates would say nothing.
export function settled(report) {
  const begun = report.points.at(-1).seconds * 3 < report.step_seconds;
  return begun && report.points.length > 1 ? report.points.slice(0, -1) : report.points;
}

export const secondsOf = (points) => points.reduce((sum, point) => sum + point.seconds, 0);
