// Charts: uPlot with this page's colours, a legend that shows values, words for those who do not see the picture,
// and the same figures as a table.
import {dash, h} from './dom.js';

const kHeight = 170;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const all = new Set();

const clockOf = (seconds, span) => {
  const time = new Date(seconds * 1000);
  return span > 172_800
    ? time.toLocaleDateString('en-CA').slice(5) + time.toLocaleTimeString('en-GB').slice(0, 5).padStart(6)
    : time.toLocaleTimeString('en-GB').slice(0, span > 1800 ? 5 : 8);
};

function axis(format) {
  const line = colour('--line');
  return {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: {stroke: line, width: 1},
    ticks: {show: false},
    size: 46,
    gap: 4,
    values: (_, values) => values.map((v) => (v === null ? '' : format(v))),
  };
}

function times() {
  return {
    ...axis(String),
    size: 26,
    grid: {show: false},
    space: 64,
    values: (u, values) => values.map((v) => clockOf(v, u.scales.x.max - u.scales.x.min)),
  };
}

// From the bottom up: each line is the sum of itself and those below it.
function stacked(rows) {
  const sums = [];
  rows.forEach((row, index) =>
    sums.push(row.map((v, at) => (v ?? 0) + (index > 0 ? sums[index - 1][at] : 0))),
  );
  return sums;
}

export class Chart {
  // kind: 'lines' or 'stack'; format(value) -> text
  constructor(title, {kind = 'lines', format}) {
    this.title = title;
    this.kind = kind;
    this.format = format;
    this.canvas = h('div', {class: 'plot', role: 'img', 'aria-label': title});
    this.legend = h('ul', {class: 'legend', 'aria-hidden': 'true'});
    this.values = h('tbody');
    this.heads = h('tr');
    this.latest = h('b', {class: 'latest'});
    this.details = h(
      'details',
      {ontoggle: () => this.#fillTable()},
      h('summary', null, 'As a table'),
      h(
        'div',
        {class: 'scroll small', tabindex: '0', role: 'region', 'aria-label': `${title} as a table`},
        h('table', null, h('thead', null, this.heads), this.values),
      ),
    );
    this.empty = h('p', {class: 'empty', hidden: true}, 'No requests in this time.');
    this.node = h(
      'section',
      {class: 'panel chart', 'aria-label': title},
      h('div', {class: 'head'}, h('h2', null, title), h('span', {class: 'space'}), this.latest),
      this.canvas,
      this.empty,
      this.legend,
      this.details,
    );
    this.watch = new ResizeObserver(() => this.plot?.setSize({width: this.#width(), height: kHeight}));
    this.watch.observe(this.canvas);
    all.add(this);
  }

  // x: seconds; series: [{label, colour (a variable's name), values}]; headline: the figure beside the title
  set(x, series, headline) {
    this.x = x;
    this.series = series;
    this.latest.textContent = dash(headline);
    const any = series.some((s) => s.values.some((v) => v));
    this.empty.hidden = any;
    this.canvas.hidden = !any;
    const last = series.map((s) => `${s.label} ${dash(this.#lastOf(s))}`).join(', ');
    this.canvas.setAttribute('aria-label', `${this.title}: now ${last}`);
    const shape = JSON.stringify(series.map((s) => [s.label, s.colour]));
    if (this.plot && this.shape === shape) this.plot.setData(this.#data());
    else this.#build(shape);
    this.#showLegend(null);
    if (this.details.open) this.#fillTable();
  }

  end() {
    this.watch.disconnect();
    this.plot?.destroy();
    all.delete(this);
  }

  rebuild() {
    if (this.series) this.#build(this.shape);
  }

  #lastOf(series) {
    const value = [...series.values].reverse().find((v) => v !== null && v !== undefined);
    return value === undefined ? null : this.format(value);
  }

  #width() {
    return Math.max(200, Math.floor(this.canvas.clientWidth));
  }

  // The last is drawn first, the others over it: the top of a stack, the highest quantile.
  #order() {
    return [...this.series.keys()].reverse();
  }

  #data() {
    const rows = this.series.map((s) => s.values);
    const drawn = this.kind === 'stack' ? stacked(rows) : rows;
    return [this.x, ...this.#order().map((index) => drawn[index])];
  }

  #build(shape) {
    this.plot?.destroy();
    this.shape = shape;
    const lines = this.#order().map((index) => {
      const stroke = colour(this.series[index].colour);
      return {
        stroke,
        width: this.kind === 'stack' ? 1 : 1.75,
        points: {show: this.kind !== 'stack' && undefined, size: 4, fill: stroke},
        fill: this.kind === 'stack' ? stroke : undefined,
        spanGaps: true,
      };
    });
    this.plot = new uPlot(
      {
        width: this.#width(),
        height: kHeight,
        padding: [8, 16, 0, 4],
        legend: {show: false},
        cursor: {y: false, drag: {x: false, y: false}, points: {size: 6}},
        scales: {x: {time: false}, y: {range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1]}},
        axes: [times(), axis((v) => this.format(v))],
        series: [{}, ...lines],
        hooks: {setCursor: [(u) => this.#showLegend(u.cursor.idx)]},
      },
      this.#data(),
      this.canvas,
    );
  }

  #showLegend(at) {
    this.legend.replaceChildren(
      ...this.series.map((s) => {
        const key = h('i');
        key.style.background = `var(${s.colour})`;
        const value =
          at === null || at === undefined
            ? this.#lastOf(s)
            : s.values[at] === null
              ? null
              : this.format(s.values[at]);
        return h('li', null, key, s.label, h('b', null, dash(value)));
      }),
    );
  }

  #fillTable() {
    if (!this.details.open || !this.series) return;
    const span = this.x.at(-1) - this.x[0];
    this.heads.replaceChildren(
      h('th', {scope: 'col'}, 'Time'),
      ...this.series.map((s) => h('th', {scope: 'col', class: 'number'}, s.label)),
    );
    this.values.replaceChildren(
      ...this.x
        .map((time, index) =>
          h(
            'tr',
            null,
            h('td', null, clockOf(time, span)),
            this.series.map((s) =>
              h('td', {class: 'number'}, s.values[index] === null ? '–' : this.format(s.values[index])),
            ),
          ),
        )
        .reverse(),
    );
  }
}

export function repaint() {
  for (const chart of all) chart.rebuild();
}
