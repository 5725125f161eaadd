// Morph Cloud's REST API as far as a deployment asks it, with instances that only exist as objects.
import http from 'node:http';

export class Morph {
  // `serviceUrl`: what exposed services are reached at.
  static async start(t, { key, serviceUrl }) {
    const morph = new Morph();
    Object.assign(morph, { key, serviceUrl, calls: [], instances: new Map(), scripts: [], refuse: new Map() });
    morph.server = http.createServer((request, response) => morph.#serve(request, response));
    await new Promise((resolve) => morph.server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      morph.server.closeAllConnections();
      morph.server.close();
    });
    return morph;
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}/api`;
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url, 'http://morph');
    const path = url.pathname.replace(/^\/api/, '');
    const call = `${request.method} ${path}`;
    this.calls.push(call);
    const refused = this.refuse.get(call.replace(/morphvm_\d+/, '*'));
    const [status, body] =
      request.headers.authorization !== `Bearer ${this.key}` ? [401, { detail: 'Invalid API key' }]
      : refused ? refused
      : this.#answer(request.method, path, url.searchParams, text ? JSON.parse(text) : {});
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  #answer(method, path, query, body) {
    if (path === '/instance' && method === 'GET') return [200, { object: 'list', data: this.#found(query) }];
    if (path === '/instance') return [200, this.#start(query.get('snapshot_id'), body)];
    const [, id, rest = ''] = path.match(/^\/instance\/(\w+)(\/.*)?$/) ?? [];
    const instance = this.instances.get(id);
    if (!instance) return [404, { detail: 'Instance not found' }];
    if (method === 'DELETE') {
      this.instances.delete(id);
      return [200, {}];
    }
    return this.#ofInstance(instance, rest, body);
  }

  #found(query) {
    return [...this.instances.values()].filter((instance) =>
      [...query].every(([name, value]) => instance.metadata[name.match(/^metadata\[(.*)\]$/)[1]] === value));
  }

  #start(snapshot, { metadata, ttl_seconds, ttl_action }) {
    const id = `morphvm_${this.calls.length}`;
    const instance = {
      id, object: 'instance', status: 'pending', metadata, refs: { snapshot_id: snapshot },
      ttl: { ttl_seconds, ttl_action }, networking: { internal_ip: null, http_services: [] },
    };
    this.instances.set(id, instance);
    return { ...instance };
  }

  #ofInstance(instance, rest, body) {
    switch (rest) {
      case '':
        if (instance.status === 'pending') instance.status = 'ready';
        return [200, instance];
      case '/exec':
        this.scripts.push(body.command.join(' '));
        return [200, { exit_code: 0, stdout: '', stderr: '' }];
      case '/ssh/key':
        return [200, { private_key: 'the private key', public_key: '', password: '' }];
      case '/http':
        instance.networking.http_services.push({ ...body, url: this.serviceUrl, auth_mode: 'none' });
        return [200, instance];
      case '/metadata':
        instance.metadata = body;
        return [200, instance];
      case '/ttl':
        instance.ttl = body;
        return [200, instance];
      case '/wake-on':
        instance.wake_on = body;
        return [200, instance];
      default:
        return [404, { detail: 'Not found' }];
    }
  }
}
