// The page: views by the address's hash, the state of the connection, the token, the theme.
import {call, hasToken, setToken, whenRefused} from './api.js';
import {repaint} from './charts.js';
import {byId} from './dom.js';
import * as live from './live.js';
import {overview} from './overview.js';
import {providers} from './providers.js';
import {requests} from './requests.js';
import {resources} from './resources.js';
import {sessions} from './sessions.js';
import {usage} from './usage.js';

// view(root, parameters) fills root and gives back what ends it.
const kViews = {overview, resources, requests, sessions, usage, providers};
const kLinkColours = {
  live: 'good',
  connecting: '',
  polling: 'warn',
  'not reachable': 'bad',
  'token needed': 'warn',
};

// ---- views ----
let leave = () => {};
function show() {
  const [name, parameters = ''] = location.hash.replace(/^#\//, '').split('?');
  const view = name in kViews ? name : 'overview';
  leave();
  const root = byId('view');
  root.replaceChildren();
  root.className = view;
  document.title = `${root.className[0].toUpperCase()}${view.slice(1)} – Responses proxy`;
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.hash === `#/${view}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  leave = kViews[view](root, Object.fromEntries(new URLSearchParams(parameters)));
}
window.addEventListener('hashchange', () => {
  declined = false;
  for (const sheet of document.querySelectorAll('dialog.sheet')) sheet.close();
  show();
  byId('view').focus({preventScroll: true});
  window.scrollTo(0, 0);
});

document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address names views
  byId('view').focus();
});

// ---- the token ----
let refusedPath = '/admin/state';
whenRefused((problem, path) => {
  refusedPath = path === '/admin/events' ? '/admin/state' : path;
  byId('metrics').hidden = true; // a link cannot carry the token
  askForToken(hasToken() ? problem.message : '');
});
let declined = false; // until the next view
function askForToken(message) {
  if (message !== '' || !byId('login').open) byId('login-problem').textContent = message;
  if (byId('login').open || declined) return;
  byId('login').showModal();
  byId('token').focus();
}
byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  setToken(byId('token').value);
  byId('token').value = '';
  try {
    await call(
      refusedPath,
      refusedPath.endsWith('/test') || refusedPath.includes('/reload') ? {method: 'POST'} : {},
    );
  } catch (problem) {
    if (problem.refused) return setToken('');
  }
  byId('login').close();
  live.start();
  show();
});
byId('login').addEventListener('cancel', () => (declined = true));
byId('login-cancel').addEventListener('click', () => {
  declined = true;
  byId('login').close();
});

// ---- the connection ----
live.follow((state, link) => {
  if (byId('link').textContent !== link) byId('link').textContent = link; // announced when it changes
  byId('link').className = `badge ${kLinkColours[link]}`;
  if (state) byId('version').textContent = `version ${state.version}`;
});

// ---- the theme: the system's, unless chosen ----
const kThemes = ['system', 'light', 'dark'];
const kThemeKey = 'responses-proxy-theme';
function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId('theme-name').textContent = theme;
  byId('theme').setAttribute('aria-label', `Theme: ${theme}`);
  localStorage.setItem(kThemeKey, theme);
  repaint();
}
byId('theme').addEventListener('click', () => {
  const now = localStorage.getItem(kThemeKey) ?? 'system';
  setTheme(kThemes[(kThemes.indexOf(now) + 1) % kThemes.length]);
});
setTheme(kThemes.includes(localStorage.getItem(kThemeKey)) ? localStorage.getItem(kThemeKey) : 'system');
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

show();
live.start();
