// The form of a provider: from a preset or from what is registered, tested before it is saved.
import {call, postJson} from './api.js';
import {dialog, h, note} from './dom.js';
import {fieldProblems, runTest} from './steps.js';

const kAuths = [
  ['bearer', 'Authorization: Bearer key'],
  ['api_key', 'the key alone in a header'],
  ['query', 'a parameter of the URL'],
  ['none', 'no key'],
];

const options = (list, chosen) =>
  list.map((one) => {
    const [value, label] = Array.isArray(one) ? one : [one, one.replaceAll('_', ' ')];
    return h('option', {value, selected: value === chosen}, label);
  });
export const field = (label, control, hint) =>
  h('label', {class: 'field'}, h('span', null, label), control, hint && h('small', {class: 'soft'}, hint));
export const input = (name, value, more) =>
  h('input', {name, value: value ?? '', autocomplete: 'off', spellcheck: 'false', ...more});

export function jsonField(name, value) {
  return h('textarea', {
    name,
    rows: '4',
    spellcheck: 'false',
    value: Object.keys(value ?? {}).length > 0 ? JSON.stringify(value, null, 2) : '',
  });
}

// Text of a field that holds an object; throws with the field's name.
export function objectOf(text, name) {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error(`${name} is no valid JSON.`), {fields: []});
  }
}

function controls(value, isNew, wireApis) {
  return [
    field(
      'Id',
      input('id', value.id, {required: true, readonly: !isNew, pattern: '[A-Za-z0-9._:\\-]{1,128}'}),
      'Letters, digits and . _ : -',
    ),
    field('Name', input('name', value.name)),
    field('Base URL', input('base_url', value.base_url, {required: true, type: 'url'})),
    field('Wire API', h('select', {name: 'wire_api'}, options(wireApis, value.wire_api ?? 'responses'))),
    field('Credential goes', h('select', {name: 'auth_type'}, options(kAuths, value.auth_type ?? 'bearer'))),
    field('Header', input('auth_header', value.auth_header), 'Empty: the usual one'),
    field(
      'API keys',
      h('textarea', {
        name: 'keys',
        rows: '2',
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: isNew ? '' : 'unchanged',
      }),
      isNew
        ? 'One a line; each is a resource of its own'
        : `Empty: stays (${(value.api_keys_last4 ?? []).map((k) => `…${k}`).join(', ') || 'none'})`,
    ),
    field('or credential reference', input('credential_ref', value.credential_ref), 'env:NAME or file:/path'),
    field('Health path', input('health_path', value.health_path), 'Empty: no health checks'),
    field('Pool', input('pool_id', value.pool_id), 'Empty: the id'),
    field('Weight', input('weight', value.weight ?? 1, {type: 'number', min: '0.01', step: 'any'})),
    field(
      'Configuration (JSON)',
      jsonField('config', value.config),
      'headers, query, endpoint_path, anthropic_version, …',
    ),
  ];
}

function read(form, before) {
  const of = (name) => form.elements[name].value.trim();
  const keys = form.elements.keys.value
    .split('\n')
    .map((key) => key.trim())
    .filter(Boolean);
  const body = {
    id: of('id'),
    name: of('name') || of('id'),
    provider_type: before.provider_type ?? 'custom',
    base_url: of('base_url'),
    wire_api: of('wire_api'),
    auth_type: of('auth_type'),
    health_path: of('health_path') || null,
    weight: Number(of('weight')),
    config: objectOf(of('config'), 'Configuration'),
  };
  if (of('auth_header')) body.auth_header = of('auth_header');
  if (of('pool_id')) body.pool_id = of('pool_id');
  if (of('credential_ref')) body.credential_ref = of('credential_ref');
  else if (before.credential_ref) body.credential_ref = null;
  if (keys.length === 1) body.api_key = keys[0];
  if (keys.length > 1) body.api_keys = keys;
  return body;
}

// before: the provider to change, or null; known: presets (`data`) and `wire_apis`; saved() is called when it is.
export function editProvider(before, known, saved) {
  const isNew = before === null;
  const presets = known.data;
  let value = before ?? {};
  const fields = h('div', {class: 'fields'}, controls(value, isNew, known.wire_apis));
  const outcome = h('div', {'aria-live': 'polite'});
  const notes = h('p', {class: 'soft'});
  const preset = h(
    'select',
    {
      name: 'preset',
      onchange: () => {
        value = presets.find((p) => p.id === preset.value) ?? {};
        fields.replaceChildren(...controls({...value, id: value.id && `${value.id}-main`}, true, known.wire_apis));
        notes.textContent = value.notes ?? '';
      },
    },
    h('option', {value: ''}, 'without a preset'),
    presets.map((p) => h('option', {value: p.id}, p.name)),
  );
  const form = h(
    'form',
    {class: 'edit'},
    isNew && presets.length > 0 && field('Preset', preset),
    notes,
    fields,
    outcome,
    h(
      'div',
      {class: 'actions'},
      h(
        'button',
        {
          type: 'button',
          class: 'test',
          onclick: () =>
            form.reportValidity() &&
            runTest(outcome, async () => postJson('/admin/providers/test', read(form, value))),
        },
        'Test',
      ),
      h('button', {type: 'submit', class: 'main'}, isNew ? 'Create' : 'Save'),
    ),
  );
  const sheet = dialog(isNew ? 'New provider' : `Provider ${before.id}`, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const body = read(form, value);
      const answer = isNew
        ? await call('/admin/providers', {method: 'POST', body, headers: {'if-none-match': '*'}})
        : await call(`/admin/providers/${encodeURIComponent(before.id)}`, {
            method: 'PATCH',
            body,
            headers: {'if-match': `"${before.revision}"`},
          });
      const {warnings = []} = await answer.json();
      sheet.close();
      note(
        `${body.id} is ${isNew ? 'registered' : 'changed'}.${warnings.length > 0 ? ` ${warnings.join('. ')}.` : ''}`,
        'good',
      );
      saved();
    } catch (problem) {
      outcome.replaceChildren(h('p', {class: 'problem'}, problem.message), fieldProblems(problem));
    }
  });
}
