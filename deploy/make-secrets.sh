#!/bin/sh
# Writes the secrets of docker-compose.yml, one file each; what exists is kept.
# usage: deploy/make-secrets.sh SOURCE_URL
#        SOURCE_URL  libpq URL of the database to read, as a role with `select` only
set -eu

folder=$(cd "$(dirname "$0")" && pwd)/secrets
if [ ! -s "$folder/source_url" ] && [ $# -ne 1 ]; then
    echo "usage: deploy/make-secrets.sh postgresql://reader:password@host:5432/database" >&2
    exit 2
fi

umask 077
mkdir -p "$folder"

# The containers read the files as user 50000, whoever wrote them here; the folder stays closed.
keep() {
    if [ ! -s "$folder/$1" ]; then
        printf '%s' "$2" > "$folder/$1"
        chmod 0644 "$folder/$1"
        echo "wrote deploy/secrets/$1"
    fi
}

random() {
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

keep postgres_password "$(random 24)"
keep airflow_db_password "$(random 24)"
keep warehouse_password "$(random 24)"
keep airflow_admin_password "$(random 12)"
keep api_secret_key "$(random 32)"
keep jwt_secret "$(random 64)"
# Fernet wants 32 bytes in URL-safe base64.
keep fernet_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')"
[ $# -eq 0 ] || keep source_url "$1"
