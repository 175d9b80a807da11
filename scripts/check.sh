#!/bin/sh
# What must hold besides the tests. Every step runs; those that failed are named at the end.
cd "$(dirname "$0")/.." || exit 1
failed=''
longest=1000 # lines of a source file

step() {
    name=$1
    shift
    echo "== $name"
    "$@" || { failed="$failed, $name"; echo "-- $name failed"; }
}

file_sizes() {
    git ls-files -z -- '*.rs' '*.js' '*.mjs' '*.ts' '*.tsx' '*.sh' | xargs -0 wc -l |
        awk -v longest=$longest '$2 != "total" && $1 > longest { print $2 ": " $1 " lines, " longest " at most"; bad = 1 } END { exit bad }'
}

types() {
    rm -f web/client/src/contract/*.ts
    # All of the workspace, so that what is built here is what the tests need too.
    cargo test --quiet --workspace --lib export_bindings >/dev/null || return 1
    changed=$(git status --porcelain -- web/client/src/contract)
    [ -z "$changed" ] && return 0
    git --no-pager diff -- web/client/src/contract
    echo "the TypeScript types differ from the contract; commit what was regenerated:"
    echo "$changed"
    return 1
}

documents() {
    node scripts/check-docs.mjs || return 1
    WRITE_DOCUMENTS=1 cargo test --quiet --workspace --bin plenum the_documents_are_current || return 1
    changed=$(git status --porcelain -- contract/openapi.json contract/asyncapi.json docs/metrics.md docs/errors.md)
    [ -z "$changed" ] && return 0
    git --no-pager diff --stat -- contract/openapi.json contract/asyncapi.json
    echo "openapi.json and asyncapi.json differ from the code; commit what was regenerated:"
    echo "$changed"
    return 1
}

web() {
    if ! command -v npm >/dev/null 2>&1; then
        echo 'NOT CHECKED: npm is not installed (https://nodejs.org)'
        return 0
    fi
    sh scripts/web.sh --packages && (cd web && npm run --silent check && npm test --silent)
}

documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --workspace
}

dependencies() {
    if ! cargo deny --version >/dev/null 2>&1; then
        echo 'NOT CHECKED: cargo-deny is not installed (https://embarkstudios.github.io/cargo-deny)'
        return 0
    fi
    cargo deny check bans licenses sources || return 1
    # The list of advisories comes from outside; without it nothing is known, which is not the same as fine.
    if cargo deny fetch >/dev/null 2>&1; then
        cargo deny check advisories
    else
        echo 'NOT CHECKED: advisories; their list could not be fetched'
    fi
}

deployment() {
    sh scripts/deps.sh --quietly && node scripts/check-deploy.mjs
}

step 'file sizes' file_sizes
step 'format' cargo fmt --all --check
step 'types' types
step 'documents' documents
step 'web' web
step 'lints' cargo clippy --quiet --workspace --all-targets -- -D warnings
step 'documentation' documentation
step 'deployment' deployment
step 'licenses and advisories' dependencies

if [ -n "$failed" ]; then
    echo "check failed: ${failed#, }"
    exit 1
fi
echo 'check passed'
