#!/bin/sh
# Turns the secrets, which are files, into the settings of the process that is started.
# Nothing secret stands in the image, in docker-compose.yml or in `docker inspect`.
set -eu

folder=${METERR_SECRETS_FOLDER:-/run/secrets}

secret() {
    if [ ! -r "$folder/$1" ]; then
        echo "The secret '$1' is missing: run deploy/make-secrets.sh, then start again." >&2
        exit 78
    fi
    cat "$folder/$1"
}

airflow_password=$(secret airflow_db_password)
metadata="airflow:${airflow_password}@${METERR_DB_HOST:-postgres}:5432/airflow"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg://${metadata}"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC="postgresql+psycopg_async://${metadata}"
AIRFLOW__CORE__FERNET_KEY=$(secret fernet_key)
AIRFLOW__API__SECRET_KEY=$(secret api_secret_key)
AIRFLOW__API_AUTH__JWT_SECRET=$(secret jwt_secret)
METERR_WAREHOUSE_URL="postgresql://meterr:$(secret warehouse_password)@${METERR_DB_HOST:-postgres}:5432/warehouse"
METERR_SOURCE_URL=$(secret source_url)
export AIRFLOW__CORE__FERNET_KEY AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET
export METERR_WAREHOUSE_URL METERR_SOURCE_URL

# Airflow opens the file of logins for writing, so it gets a copy that only it reads.
admin_password=$(secret airflow_admin_password)
logins=$(mktemp)
printf '{"admin": "%s"}\n' "$admin_password" > "$logins"
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="$logins"
unset airflow_password metadata admin_password

exec "$@"
