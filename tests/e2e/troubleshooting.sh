# The commands an operator runs first when something is wrong, as documented. Each stands alone; the
# line above it is its name in troubleshooting.test.mjs, which runs them all.

#: healthz
curl -fsS "$RESPONSES_PROXY_BASE_URL/healthz"

#: readyz
curl -fsS "$RESPONSES_PROXY_BASE_URL/readyz"

#: openapi
curl -fsS "$RESPONSES_PROXY_BASE_URL/openapi.json"

#: state
curl -fsS "$RESPONSES_PROXY_BASE_URL/admin/state"

#: smoke
curl -sS "$RESPONSES_PROXY_BASE_URL/v1/responses" \
-H 'content-type: application/json' \
-d '{
"model": "gpt-4.1-mini",
"input": "Reply with exactly: smoke ok",
"metadata": {
"session_id": "troubleshooting-smoke-1",
"session_name": "troubleshooting smoke"
}
}'

#: last requests
curl "$RESPONSES_PROXY_BASE_URL/admin/requests?limit=5"

#: last decisions
curl "$RESPONSES_PROXY_BASE_URL/admin/decisions?limit=5"

#: health check
curl -X POST "$RESPONSES_PROXY_BASE_URL/admin/health/check"

#: state, verbosely
curl "$RESPONSES_PROXY_BASE_URL/admin/state"

#: more requests
curl "$RESPONSES_PROXY_BASE_URL/admin/requests?limit=20"
