// Building the page: elements from text only, never from markup, and lists that keep what did not change.

// h('td', {class: 'number', title: 'x', onclick: f, data: {id: 1}}, 'text', node, null)
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'data') Object.assign(node.dataset, value);
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'width')
      node.style.width = value; // through the CSSOM, which the policy allows
    else if (name === 'left') node.style.left = value;
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const kSvg = 'http://www.w3.org/2000/svg';

export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(kSvg, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);
export const dash = (text) => (text === null || text === undefined || text === '' ? '–' : String(text));

// Replaces `old`; the keyboard stays where it was (the element of the same data-focus).
function swap(old, fresh) {
  const at = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  old.replaceWith(fresh);
  if (at !== undefined) fresh.querySelector(`[data-focus="${CSS.escape(at)}"]`)?.focus({preventScroll: true});
}

// The children of `parent` become those of `items`; a child whose item is as before stays the same node.
// `make(item)` gives a node, `id(item)` what is its own among the others.
export function keyed(parent, items, id, make) {
  const before = parent.keyedNodes ?? new Map();
  const now = new Map();
  let at = parent.firstChild;
  for (const item of items) {
    const key = String(id(item));
    const print = JSON.stringify(item);
    const known = before.get(key);
    before.delete(key);
    let node = known?.node;
    if (!known || known.print !== print) {
      node = make(item);
      node.dataset.id = key;
      if (known) {
        if (at === known.node) at = node;
        swap(known.node, node);
      }
    }
    now.set(key, {node, print});
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  for (const {node} of before.values()) node.remove();
  parent.keyedNodes = now;
}

// columns: [{label, number?, cell(item) -> text or node, title?(item), cut?}]; on a narrow screen each row
// is a block of its own, with the label in front of each value.
export function table(label, columns, {open, id}) {
  const head = h(
    'tr',
    null,
    columns.map((c) => h('th', {scope: 'col', class: c.number && 'number'}, c.label || h('span', {class: 'sr'}, 'Actions'))),
  );
  const body = h('tbody');
  const node = h('table', {'aria-label': label}, h('thead', null, head), body);
  const make = (item) => {
    const cells = columns.map((c, index) => {
      const value = c.cell(item);
      const first = open && index === 0;
      const content = first
        ? h(
            'button',
            {
              type: 'button',
              class: 'open',
              data: {focus: 'open'},
              onclick: (event) => {
                event.stopPropagation();
                open(item);
              },
            },
            value,
          )
        : value instanceof Node
          ? value
          : dash(value);
      return h(
        'td',
        {
          class: [c.number && 'number', c.cut && 'cut', c.class].filter(Boolean).join(' '),
          title: c.title?.(item),
          data: {label: c.label},
        },
        content,
      );
    });
    return h('tr', {class: open && 'opens', onclick: open && (() => open(item))}, cells);
  };
  return {
    node: h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${label}, scrolls`}, node),
    fill: (items) => keyed(body, items, id, make),
  };
}

// A bar that is filled up to `part` of it.
export function meter(part, kind = '') {
  return h(
    'span',
    {class: `meter ${kind}`, 'aria-hidden': 'true'},
    h('i', {width: `${Math.round(100 * (part ?? 0))}%`}),
  );
}

export const badge = (text, colour = '') => h('span', {class: `badge ${colour}`}, text);

export function panel(title, actions, ...children) {
  return h(
    'section',
    {class: 'panel', 'aria-label': title},
    h('div', {class: 'head'}, h('h2', null, title), h('span', {class: 'space'}), ...[actions].flat()),
    ...children,
  );
}

// Buttons of which one is pressed.
export function choice(label, options, chosen, pick) {
  const group = h('div', {class: 'choice', role: 'group', 'aria-label': label});
  for (const [value, text] of options) {
    group.append(
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(value === chosen),
          data: {value},
          onclick: (event) => {
            for (const other of group.children)
              other.setAttribute('aria-pressed', String(other === event.target));
            pick(value);
          },
        },
        text,
      ),
    );
  }
  return group;
}

// A modal dialog with a close button; `close` of the answer ends it.
export function dialog(title, ...children) {
  const heading = h('h2', null, title);
  const node = h(
    'dialog',
    {class: 'sheet', 'aria-label': title},
    h(
      'div',
      {class: 'head'},
      heading,
      h('span', {class: 'space'}),
      h('button', {type: 'button', class: 'quiet', onclick: () => node.close()}, 'Close'),
    ),
    h('div', {class: 'body'}, ...children),
  );
  node.addEventListener('close', () => node.remove());
  node.addEventListener('click', (event) => event.target === node && node.close());
  document.body.append(node);
  node.showModal();
  return node;
}

// A line at the foot of the page that goes away by itself.
export function note(text, colour = '') {
  const line = h('div', {class: `note ${colour}`}, text);
  byId('notes').append(line);
  setTimeout(() => line.remove(), 6000);
}
