// Stored responses stay with the account that made them, whatever happens to the list of keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startPair } from './harness.mjs';

const kKeys = ['sk-test-key-one', 'sk-test-key-two', 'sk-test-key-three'];
const kMost = 100; // requests until every key has answered one

const post = (server, body) => fetch(`${server.baseUrl}/responses`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'm', input: 'hi', ...body }),
});

// The id of a response of each key.
async function responsesOfAll(server) {
  const made = new Map();
  let sent = 0;
  for (; made.size < kKeys.length; ++sent) {
    assert.ok(sent < kMost, 'some key is never picked');
    const response = await post(server, {});
    assert.equal(response.status, 200);
    made.set(server.keyOf(response.headers.get('x-proxy-resource-id')), (await response.json()).id);
  }
  await server.rows(Math.min(sent, 100));
  return made;
}

test('keys removed from the middle and put in another order', async (t) => {
  const { upstream, server } = await startPair(t, { keys: kKeys });
  const made = await responsesOfAll(server);
  const ids = new Map((await server.resources()).map(({ name, id }) => [name, id]));
  kKeys.forEach((key, index) => assert.equal(ids.get(`openai-${index + 1}`), server.idOf(key)));

  const continueWith = async (keys) => {
    for (const index of [1, 2, 3]) delete server.env[`OPENAI_API_KEY_${index}`];
    server.env.OPENAI_API_KEYS = keys.join(',');
    await server.restart(); // so the records are all it knows
    for (const key of kKeys) {
      const response = await post(server, { previous_response_id: made.get(key) });
      const body = await response.json();
      if (!keys.includes(key)) {
        assert.equal(response.status, 404);
        assert.equal(body.error.code, 'response_resource_gone');
        continue;
      }
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('x-proxy-decision'), 'response_affinity');
      assert.equal(response.headers.get('x-proxy-resource-id'), server.idOf(key));
      assert.equal((await upstream.requests()).at(-1).key, key);
    }
  };
  await continueWith(['sk-test-key-one', 'sk-test-key-three']);
  await continueWith(['sk-test-key-three', 'sk-test-key-new', 'sk-test-key-two', 'sk-test-key-one']);
});
