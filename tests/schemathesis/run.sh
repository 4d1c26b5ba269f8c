#!/usr/bin/env bash
# Attacks a running server from its own OpenAPI document. Usage: tests/schemathesis/run.sh sqlite|postgres
#
# Expects the debug binary to be built, .venv to hold schemathesis, and for `postgres` a superuser URL in
# ORGANICAGENT_TEST_POSTGRES; `./test schemathesis` provides all three.
#
#   SCHEMATHESIS_SEED       fixed by default, so that two runs send the same requests
#   SCHEMATHESIS_EXAMPLES   requests drawn per operation
#   SCHEMATHESIS_SECONDS    go on with new requests until this long has passed (for long runs)

set -eu -o pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

engine=${1:?sqlite or postgres}
binary=${CARGO_TARGET_DIR:-target}/debug/organicagent
scratch=$(mktemp -d "${ORGANICAGENT_TEST_SCRATCH:-${TMPDIR:-/tmp}}/schemathesis.XXXXXX")
server=
database=

clean_up() {
  local status=$?
  trap - EXIT
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    if ! wait "$server" && [ "$status" -eq 0 ]; then
      echo "the server did not end well:"
      status=1
    fi
  fi
  if [ "$status" -ne 0 ]; then
    echo "--- the server's log, last lines"
    tail -n 40 "$scratch/log" || true
  fi
  [ -z "$database" ] || dropdb --force --maintenance-db="$ORGANICAGENT_TEST_POSTGRES" "$database" || true
  rm -rf "$scratch"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 143' TERM INT

case $engine in
  sqlite) url= ;;
  postgres)
    database=schemathesis_$$
    createdb --maintenance-db="${ORGANICAGENT_TEST_POSTGRES:?}" --template=template0 --encoding=UTF8 "$database"
    # The same URL with another database name.
    url=$(python3 -c 'import sys, urllib.parse as u
url = u.urlsplit(sys.argv[1])
print(u.urlunsplit(url._replace(path="/" + sys.argv[2])))' "$ORGANICAGENT_TEST_POSTGRES" "$database")
    ;;
  *) echo "no such engine: $engine" >&2; exit 2 ;;
esac

ORGANICAGENT_LISTEN=127.0.0.1:0 ORGANICAGENT_DATA_DIR=$scratch/data ORGANICAGENT_DATABASE_URL=$url \
  ORGANICAGENT_RATE_LIMIT=100000000 \
  "$binary" serve --demo >"$scratch/out" 2>"$scratch/log" &
server=$!

base='' key=''
for _ in $(seq 300); do
  base=$(grep -om1 'http://127\.0\.0\.1:[0-9]*' < <(grep '^listening on ' "$scratch/out") || true)
  key=$(grep -oEm1 'oa_live_[0-9A-Za-z]{36}' "$scratch/out" || true)
  [ -z "$base" ] || [ -z "$key" ] || break
  kill -0 "$server" 2>/dev/null || { server=; echo "the server ended:"; cat "$scratch/out"; exit 1; }
  sleep 0.1
done
if [ -z "$base" ] || [ -z "$key" ]; then
  echo "no address or no key within 30 s:"
  cat "$scratch/out"
  exit 1
fi

# For hooks.py.
export SCHEMATHESIS_BASE=$base SCHEMATHESIS_KEY=$key
more=()
[ -z "${SCHEMATHESIS_SECONDS:-}" ] || more+=(--max-time "$SCHEMATHESIS_SECONDS")

# Half a minute on an idle machine; a server that hangs is a failure.
timeout --kill-after=10 "${SCHEMATHESIS_TIMEOUT:-$((${SCHEMATHESIS_SECONDS:-0} + 200))}" \
  .venv/bin/schemathesis --config-file tests/schemathesis/schemathesis.toml run "$base/api/v1/openapi.json" \
  --header "X-API-Key: $key" \
  --seed "${SCHEMATHESIS_SEED:-20240323}" \
  --max-examples "${SCHEMATHESIS_EXAMPLES:-25}" \
  --checks all \
  --phases examples,coverage,fuzzing,stateful \
  --request-timeout 10 \
  --generation-database none \
  --no-color \
  "${more[@]}" || {
  status=$?
  [ "$status" -ne 124 ] || echo "schemathesis took too long"
  exit "$status"
}
echo "schemathesis on $engine: nothing found"
