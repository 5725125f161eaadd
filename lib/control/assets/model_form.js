// The form of an alias: the name that clients use, and where it goes.
import {call, postJson} from './api.js';
import {dialog, h, note} from './dom.js';
import {field, input, jsonField, objectOf} from './provider_form.js';
import {fieldProblems, runTest} from './steps.js';

// Aliases have slashes, which stay as they are in the path.
export const aliasPath = (alias) => `/admin/models/${alias.split('/').map(encodeURIComponent).join('/')}`;

function targetRow(target, providers) {
  const row = h(
    'div',
    {class: 'target'},
    field(
      'Provider',
      h(
        'select',
        {name: 'provider_id'},
        providers.map((p) => h('option', {value: p.id, selected: p.id === target.provider_id}, p.id)),
      ),
    ),
    field('Its name for the model', input('upstream_id', target.upstream_id, {required: true})),
    field('Weight', input('weight', target.weight ?? 1, {type: 'number', min: '0.01', step: 'any'})),
    field('Priority', input('priority', target.priority ?? 0, {type: 'number', min: '0', step: '1'})),
    h('button', {type: 'button', class: 'quiet', onclick: () => row.remove()}, 'Remove'),
  );
  return row;
}

const targetOf = (row) => {
  const of = (name) => row.querySelector(`[name="${name}"]`).value.trim();
  return {
    provider_id: of('provider_id'),
    upstream_id: of('upstream_id'),
    weight: Number(of('weight')),
    priority: Number(of('priority')),
  };
};

function read(form, targets) {
  const of = (name) => form.elements[name].value.trim();
  return {
    alias: of('alias'),
    display_name: of('display_name') || of('alias'),
    targets: [...targets.children].map(targetOf),
    capabilities: objectOf(of('capabilities'), 'Capabilities'),
  };
}

export function editModel(before, providers, saved) {
  const isNew = before === null;
  const value = before ?? {capabilities: {streaming: true, tools: true}};
  const known =
    value.targets?.length > 0
      ? value.targets
      : [{provider_id: value.provider_id, upstream_id: value.upstream_id}];
  const targets = h(
    'div',
    {class: 'targets'},
    known.map((t) => targetRow(t, providers)),
  );
  const outcome = h('div', {'aria-live': 'polite'});
  const test = () => {
    const {provider_id, upstream_id} = targetOf(targets.firstElementChild);
    return postJson('/admin/models/test', {provider_id, upstream_id});
  };
  const form = h(
    'form',
    {class: 'edit'},
    h(
      'div',
      {class: 'fields'},
      field(
        'Alias',
        input('alias', value.alias, {required: true, readonly: !isNew}),
        'What clients send as model, e.g. kimi/k2',
      ),
      field('Name', input('display_name', value.display_name)),
      field('Capabilities (JSON)', jsonField('capabilities', value.capabilities)),
    ),
    h('h3', null, 'Goes to'),
    targets,
    h(
      'button',
      {type: 'button', class: 'quiet', onclick: () => targets.append(targetRow({}, providers))},
      'Add another target',
    ),
    outcome,
    h(
      'div',
      {class: 'actions'},
      h(
        'button',
        {
          type: 'button',
          class: 'test',
          onclick: () => targets.firstElementChild && form.reportValidity() && runTest(outcome, test),
        },
        'Test the first target',
      ),
      h('button', {type: 'submit', class: 'main'}, isNew ? 'Create' : 'Save'),
    ),
  );
  const sheet = dialog(isNew ? 'New alias' : `Alias ${before.alias}`, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const body = read(form, targets);
      if (isNew) await call('/admin/models', {method: 'POST', body, headers: {'if-none-match': '*'}});
      else
        await call(aliasPath(before.alias), {
          method: 'PATCH',
          body,
          headers: {'if-match': `"${before.revision}"`},
        });
      sheet.close();
      note(`${body.alias} is ${isNew ? 'registered' : 'changed'}.`, 'good');
      saved();
    } catch (problem) {
      outcome.replaceChildren(h('p', {class: 'problem'}, problem.message), fieldProblems(problem));
    }
  });
}
