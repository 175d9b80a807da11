#!/bin/sh
# Builds the web client, which the server shows at its own address, where its sources are newer than what was built. Without
# npm there is none, and the server shows its plain pages.
cd "$(dirname "$0")/../web" || exit 1
built=app/dist/index.html

has_node() {
    command -v npm >/dev/null 2>&1 &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}
if ! has_node; then
    echo 'The web client can not be built: Node 20.19 or newer with npm is needed (https://nodejs.org).'
    if [ -e $built ]; then
        echo 'The server shows it as it was built before.'
    else
        echo 'The server shows plain pages in its place, and everything else works; with Node, `make run` builds it.'
    fi
    exit 0
fi

if [ -z "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
    echo 'Installing what the web client is built with ...'
    npm ci --no-audit --no-fund --loglevel=error || exit 1
fi

[ "$1" != --packages ] || exit 0

if [ ! -e $built ] ||
    [ -n "$(find client/src app/src app/public app/*.html app/*.ts app/package.json package-lock.json -newer $built | head -n 1)" ]; then
    echo 'Building the web client ...'
    npm run --silent build -w app -- --logLevel warn || exit 1
fi
