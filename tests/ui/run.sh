#!/bin/sh
# The interface in a real browser: makes a demo plant, drives Chromium through the stories, stops it.
set -eu
cd "$(dirname "$0")"
for tool in npm chromium; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing (Debian: apt-get install nodejs npm chromium)"; exit 0; }
done
MILLWRIGHT=${CARGO_TARGET_DIR:-$PWD/../../target}/debug/millwright
# Anew also when the list of parts has changed since.
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent
data=$(mktemp -d)
"$MILLWRIGHT" demo --data "$data/plant" --http 127.0.0.1:0 --days 1 --speed 0 >"$data/out" 2>/dev/null &
plant=$!
# A plant that does not stop when told is a fault of its own, and must not hold up whoever waits for this run.
leave() {
    code=$?
    kill $plant 2>/dev/null || true
    (sleep 30 >/dev/null 2>&1; echo "the demo plant was told to stop and goes on after 30 s"; kill -9 $plant) &
    guard=$!
    ended=0
    wait $plant 2>/dev/null || ended=$?
    kill $guard 2>/dev/null || true
    [ $ended -ne 137 ] || code=1
    rm -rf "$data"
    exit $code
}
trap leave EXIT
tries=0
until grep -q '^listening on' "$data/out"; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { echo "the demo plant did not come up"; exit 1; }
    sleep 0.1
done
LOGINS=$data/plant/demo-logins.json
export LOGINS MILLWRIGHT
if [ -n "${PICTURES:-}" ]; then
    node pictures.mjs "$PICTURES" "$PWD/../../assets/pictures"
    exit 0
fi
if [ -n "${BENCH:-}" ]; then
    node bench.mjs
    exit 0
fi
if [ -d ../../assets/ui/node_modules ]; then
    (cd ../../assets/ui && npm run --silent check && npm run --silent test && npm run --silent api -- --check "$MILLWRIGHT")
fi
# One file after the other: the stories change one plant. What a failed story leaves open does not keep its file waiting.
node --test --test-concurrency=1 --test-force-exit
