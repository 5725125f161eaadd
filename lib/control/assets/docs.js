// The description of the API as a page, from /openapi.json; text only, never markup.
function make(tag, text, classes) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (classes) node.className = classes;
  return node;
}
// Text with `code` in it.
function prose(tag, text, classes) {
  const node = make(tag, undefined, classes);
  (text ?? '').split('`').forEach((part, index) => node.append(index % 2 ? make('code', part) : part));
  return node;
}
function table(names, rows) {
  const node = make('table');
  const head = node.createTHead().insertRow();
  for (const name of names) head.append(make('th', name));
  const body = node.createTBody();
  for (const cells of rows) body.insertRow().append(...cells);
  return node;
}
function resolver(api) {
  return (node) =>
    node && node.$ref
      ? node.$ref
          .slice(2)
          .split('/')
          .reduce((at, key) => at[key], api)
      : node || {};
}
function typeName(api, schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.anyOf) return schema.anyOf.map((s) => typeName(api, s)).join(' | ');
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return typeName(api, schema.items || {}) + '[]';
  return [schema.type || 'any'].flat().join(' | ');
}
function fields(api, schema) {
  const required = schema.required || [];
  return table(
    ['Field', 'Type', ''],
    Object.entries(schema.properties || {}).map(([name, s]) => [
      make('td', name + (required.includes(name) ? ' *' : ''), 'mono'),
      make('td', typeName(api, s), 'mono'),
      prose('td', s.description, 'soft'),
    ]),
  );
}
function parameters(list) {
  return table(
    ['Parameter', 'In', 'Type', ''],
    list.map((p) => [
      make('td', p.name + (p.required ? ' *' : ''), 'mono'),
      make('td', p.in),
      make('td', typeName({}, p.schema || {}), 'mono'),
      prose('td', p.description, 'soft'),
    ]),
  );
}
function contents(api, content) {
  return Object.entries(content || {})
    .map(([type, c]) => type + (c.schema ? ' (' + typeName(api, c.schema) + ')' : ''))
    .join(', ');
}
function operation(api, path, method, op, shared) {
  const resolve = resolver(api);
  const node = make('details');
  const summary = make('summary');
  summary.append(
    make('span', method, 'method ' + method),
    make('span', path, 'mono'),
    make('span', op.summary || '', 'soft'),
  );
  const body = make('div', undefined, 'body');
  if (op.description) body.append(prose('p', op.description));
  const all = [...(shared || []), ...(op.parameters || [])].map(resolve);
  if (all.length) body.append(make('h3', 'Parameters'), parameters(all));
  if (op.requestBody)
    body.append(make('h3', 'Body'), make('p', contents(api, op.requestBody.content), 'mono'));
  body.append(
    make('h3', 'Answers'),
    table(
      ['Status', 'Content', ''],
      Object.entries(op.responses).map(([status, r]) => [
        make('td', status, 'mono'),
        make('td', contents(api, resolve(r).content), 'mono'),
        prose('td', resolve(r).description, 'soft'),
      ]),
    ),
  );
  node.append(summary, body);
  return node;
}
function show(api) {
  const main = document.getElementById('main');
  document.getElementById('title').textContent = api.info.title + ' ' + api.info.version;
  document.getElementById('about').textContent = api.info.description;
  main.replaceChildren();
  for (const tag of api.tags) {
    main.append(make('h2', tag.name), prose('p', tag.description, 'soft'));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [method, op] of Object.entries(item)) {
        if (op.tags?.includes(tag.name)) main.append(operation(api, path, method, op, item.parameters));
      }
    }
  }
  main.append(make('h2', 'Schemas'));
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const node = make('details');
    const body = make('div', undefined, 'body');
    if (schema.description) body.append(prose('p', schema.description));
    body.append(fields(api, schema));
    node.append(make('summary', name, 'mono'), body);
    main.append(node);
  }
}
fetch('/openapi.json')
  .then((answer) => answer.json())
  .then(show)
  .catch((problem) => {
    document.getElementById('loading').textContent =
      'The description could not be loaded: ' + problem.message;
  });
