#!/bin/sh
# Installs what the tests need beyond Rust and Node. Does nothing when all is there; where it cannot install,
# it says what is missing, and the tests say which suites they skip for it.
quietly=$1

# Debian keeps the servers' binaries out of PATH.
PATH="$PATH:/usr/sbin:/usr/local/sbin"
has() { command -v "$1" >/dev/null 2>&1; }
has_postgres() { has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has_emulator() { node "$(dirname "$0")/services/firestore.mjs" >/dev/null 2>&1; }

packages=''
has python3 || packages="$packages python3"
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
emulator=''
has_emulator || emulator=google-cloud-cli-firestore-emulator

if [ -z "$packages$emulator" ]; then
    [ -n "$quietly" ] || echo 'everything that the tests need is installed'
    exit 0
fi
if ! has apt-get || [ "$(id -u)" != 0 ]; then
    echo "not installed:$packages $emulator"
    echo 'run `make deps` as root on Debian or Ubuntu, or install them another way'
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
[ -z "$packages$emulator" ] || apt-get install -y -qq --no-install-recommends $packages $emulator
