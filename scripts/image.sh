#!/bin/sh
# Builds the image FROM scratch, with buildah. `--debug` takes the tests' profile instead of the release's, whose pages are the plain ones.
cd "$(dirname "$0")/.." || exit 1
set -e
tag=${TAG:-localhost/plenum:latest}
profile=release
[ "$1" != --debug ] || profile=dev
case $profile in dev) built=debug ;; *) built=release ;; esac
target=${CARGO_TARGET_DIR:-target}
certificates=/etc/ssl/certs/ca-certificates.crt

command -v buildah >/dev/null || { echo 'buildah is needed: apt-get install buildah'; exit 1; }
[ -e $certificates ] || { echo "$certificates is needed: apt-get install ca-certificates"; exit 1; }
[ $profile = dev ] || sh scripts/web.sh

context=$target/image
mkdir -p "$context/data"
RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/static-rustc.sh cargo build --workspace --bin plenum --profile $profile
strip -o "$context/plenum" "$target/$built/plenum"
# What others run is the one that is linked as usual.
[ $profile = release ] || cargo build --quiet --workspace --bins
if readelf --program-headers "$context/plenum" | grep -q INTERP; then
    echo 'the binary is not static'
    exit 1
fi
cp $certificates "$context/"
# Word by word: where images are kept, such as --root and --storage-driver.
# shellcheck disable=SC2086
buildah ${BUILDAH_FLAGS:-} bud --quiet --format docker --file deploy/image/Containerfile --tag "$tag" "$context"
ls -l "$context/plenum" | awk '{ printf "the image holds one binary of %.1f MB\n", $5 / 1e6 }'
echo "built $tag"
