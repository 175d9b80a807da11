#!/bin/sh
# Makes the passwords of compose.yaml, once: what is there stays.
set -e
cd "$(dirname "$0")"
umask 077
mkdir -p secrets/tls
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
[ -e secrets/postgres_password ] || random >secrets/postgres_password
[ -e secrets/internal_secret ] || random >secrets/internal_secret
[ -e secrets/database_url ] ||
    printf 'postgres://plenum:%s@postgres:5432/plenum' "$(cat secrets/postgres_password)" >secrets/database_url
# The containers' user reads them by id.
chmod 644 secrets/postgres_password secrets/internal_secret secrets/database_url
echo "secrets/ holds what compose.yaml asks for; put fullchain.pem and privkey.pem into secrets/tls/"
