// What a test of a provider or a model found, step by step.
import {badge, h} from './dom.js';
import {millis, words} from './format.js';

const kColours = {ok: 'good', failed: 'bad', unknown: 'warn', skipped: ''};

export function report(result) {
  const verdict = result.ok ? 'It works' : 'It does not work';
  return h(
    'div',
    {class: 'report', 'data-ok': String(result.ok)},
    h(
      'p',
      {class: result.ok ? 'good' : 'problem'},
      `${verdict}${result.status_code ? `, HTTP ${result.status_code}` : ''}, ${millis(result.latency_ms)}`,
    ),
    h(
      'ol',
      {class: 'steps'},
      (result.steps ?? []).map((step) =>
        h(
          'li',
          null,
          badge(step.status, kColours[step.status]),
          h('b', null, words(step.step)),
          h('span', {class: 'soft small'}, step.latency_ms === null ? '' : millis(step.latency_ms)),
          step.detail && h('span', {class: 'detail'}, step.detail),
        ),
      ),
    ),
  );
}

// Runs test() and shows in `into` what came of it.
export async function runTest(into, test) {
  into.replaceChildren(h('p', {class: 'soft'}, 'testing: one real request …'));
  try {
    into.replaceChildren(report(await test()));
  } catch (problem) {
    into.replaceChildren(h('p', {class: 'problem'}, problem.message), fieldProblems(problem));
  }
}

export function fieldProblems(problem) {
  const fields = problem.fields ?? [];
  return h(
    'ul',
    {class: 'problem', hidden: fields.length === 0},
    fields.map((f) => h('li', null, `${f.field}: ${f.message}`)),
  );
}
