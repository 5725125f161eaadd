// Providers and aliases: what is registered, and changing it.
import {call, getJson, postJson} from './api.js';
import {badge, dialog, h, note, panel, table} from './dom.js';
import {plural} from './format.js';
import {follow} from './live.js';
import {aliasPath, editModel} from './model_form.js';
import {editProvider} from './provider_form.js';
import {runTest} from './steps.js';

const kLimit = 200;

function standing(item, hasProblem) {
  if (!item.enabled) return badge('disabled');
  if (!item.routable) return badge(hasProblem ? 'not routed' : 'no target', 'bad');
  return badge('routed', 'good');
}

const button = (text, act, focus, quiet = true) =>
  h(
    'button',
    {
      type: 'button',
      class: quiet && 'quiet',
      data: {focus},
      onclick: (event) => {
        event.stopPropagation();
        act();
      },
    },
    text,
  );

// What a test needs to know; the credential is the registered one.
const kSettings = [
  'id',
  'name',
  'provider_type',
  'base_url',
  'wire_api',
  'auth_type',
  'auth_header',
  'credential_ref',
  'health_path',
  'pool_id',
  'config',
];
const settingsOf = (provider) =>
  Object.fromEntries(
    kSettings.filter((name) => provider[name] !== undefined).map((name) => [name, provider[name]]),
  );

const editable = (item) => item.source !== 'file';

// Asks before what cannot be undone.
function confirm(text, act) {
  const sheet = dialog(
    text,
    h(
      'div',
      {class: 'actions'},
      h('button', {type: 'button', class: 'quiet', onclick: () => sheet.close()}, 'Keep it'),
      h(
        'button',
        {
          type: 'button',
          class: 'main bad',
          onclick: () => {
            sheet.close();
            act();
          },
        },
        'Delete',
      ),
    ),
  );
}

export function providers(root) {
  const absent = h(
    'p',
    {id: 'no-registry', class: 'panel empty', hidden: true},
    'This server has no endpoints for providers (/admin/providers): it routes to the keys of its environment only.',
  );
  const problem = h('p', {class: 'problem', role: 'alert'});
  const content = h('div', {class: 'stacked', hidden: true});
  let presets = {data: [], wire_apis: []};
  let known = [];

  async function change(work, done) {
    try {
      await work();
      if (done) note(done, 'good');
    } catch (error) {
      note(error.message, 'bad');
    }
    read();
  }
  const match = (item) => ({'if-match': `"${item.revision}"`});
  const switchIt = (path, item) =>
    change(() => call(path, {method: 'PATCH', body: {enabled: !item.enabled}, headers: match(item)}));
  const remove = (path, item, name) =>
    confirm(`Delete ${name}?`, () =>
      change(() => call(path, {method: 'DELETE', headers: match(item)}), `${name} is deleted.`),
    );
  const test = (title, path, body) => {
    const into = h('div', {'aria-live': 'polite'});
    dialog(title, into);
    runTest(into, () => postJson(path, body));
  };
  const providerPath = (p) => `/admin/providers/${encodeURIComponent(p.id)}`;

  const providerList = table(
    'Providers',
    [
      {label: 'Id', cell: (p) => p.id},
      {
        label: 'Standing',
        cell: (p) =>
          h(
            'span',
            null,
            standing(p, p.problem),
            p.enabled && p.problem && h('span', {class: 'problem small wrap'}, p.problem),
          ),
      },
      {label: 'Wire API', cell: (p) => p.wire_api?.replaceAll('_', ' ')},
      {label: 'Base URL', cut: true, cell: (p) => p.base_url, title: (p) => p.base_url},
      {
        label: 'Keys',
        cell: (p) =>
          p.credential_ref ||
          (p.api_keys_last4 ?? [p.api_key_last4])
            .filter(Boolean)
            .map((k) => `…${k}`)
            .join(', '),
      },
      {label: 'Pool', cell: (p) => p.pool_id},
      {
        label: '',
        class: 'does',
        cell: (p) =>
          h(
            'span',
            {class: 'row'},
            button('Test', () => test(`Test of ${p.id}`, '/admin/providers/test', settingsOf(p)), 'test'),
            editable(p)
              ? [
                  button(p.enabled ? 'Disable' : 'Enable', () => switchIt(providerPath(p), p), 'enable'),
                  button('Delete', () => remove(providerPath(p), p, p.id), 'delete'),
                ]
              : h('span', {class: 'soft'}, 'from the file'),
          ),
      },
    ],
    {open: (p) => editable(p) && editProvider(p, presets, read), id: (p) => p.id},
  );
  const modelList = table(
    'Aliases',
    [
      {label: 'Alias', cell: (m) => m.alias},
      {label: 'Standing', cell: (m) => standing(m, false)},
      {
        label: 'Goes to',
        cut: true,
        cell: (m) => (m.targets ?? [m]).map((t) => `${t.provider_id}: ${t.upstream_id}`).join(', '),
      },
      {label: 'Kind', cell: (m) => m.kind?.replaceAll('_', ' ')},
      {
        label: '',
        class: 'does',
        cell: (m) =>
          h(
            'span',
            {class: 'row'},
            button('Test', () => test(`Test of ${m.alias}`, '/admin/models/test', {alias: m.alias}), 'test'),
            editable(m)
              ? [
                  button(m.enabled ? 'Disable' : 'Enable', () => switchIt(aliasPath(m.alias), m), 'enable'),
                  button('Delete', () => remove(aliasPath(m.alias), m, m.alias), 'delete'),
                ]
              : h('span', {class: 'soft'}, 'from the file'),
          ),
      },
    ],
    {open: (m) => editable(m) && editModel(m, known, read), id: (m) => m.alias},
  );
  providerList.node.id = 'providers';
  modelList.node.id = 'models';
  const noProviders = h(
    'p',
    {class: 'empty'},
    'None is registered: requests go to the keys of the environment.',
  );
  const noModels = h('p', {class: 'empty'}, 'None is registered.');
  const newModel = button('New alias', () => editModel(null, known, read), 'new', false);
  newModel.id = 'new-model';
  const newProvider = button('New provider', () => editProvider(null, presets, read), 'new', false);
  newProvider.id = 'new-provider';
  const reload = button(
    'Reload routing',
    () =>
      change(async () => {
        const result = await postJson('/admin/routing/reload');
        note(
          `Routing is read anew: ${plural(result.providers, 'provider')}, ${plural(result.models, 'alias', 'aliases')}, ${plural(result.resources, 'resource')}.`,
          'good',
        );
      }),
    'reload',
  );
  reload.id = 'reload';
  reload.hidden = true;
  content.append(
    panel('Providers', newProvider, providerList.node, noProviders),
    panel('Aliases', newModel, modelList.node, noModels),
  );
  root.append(
    h('div', {class: 'title'}, h('h1', null, 'Providers and aliases'), h('span', {class: 'space'}), reload),
    absent,
    problem,
    content,
  );

  function show(list, items, empty) {
    list.fill(items);
    list.node.hidden = items.length === 0;
    empty.hidden = items.length > 0;
  }
  let over = false;
  async function read() {
    try {
      const [all, models] = await Promise.all([
        getJson(`/admin/providers?limit=${kLimit}`),
        getJson(`/admin/models?limit=${kLimit}`),
      ]);
      if (presets.data.length === 0) presets = await getJson('/admin/provider-presets');
      if (over) return;
      known = all.data;
      show(providerList, all.data, noProviders);
      show(modelList, models.data, noModels);
      newModel.disabled = known.length === 0;
      content.hidden = reload.hidden = false;
      problem.textContent = '';
    } catch (error) {
      absent.hidden = !error.notThere;
      problem.textContent = error.notThere ? '' : error.message;
    }
  }
  read();
  // What other replicas and people change shows when the resources do.
  let ids = null;
  const unfollow = follow((state) => {
    if (!state) return;
    const now = state.resources.map((r) => r.id).join();
    if (ids !== null && ids !== now) read();
    ids = now;
  });
  return () => {
    over = true;
    unfollow();
  };
}
