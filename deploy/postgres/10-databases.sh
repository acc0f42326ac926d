#!/bin/bash
# Run once by the postgres image, on an empty volume: one login and one database for each service.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
     --set airflow_password="$(cat /run/secrets/airflow_db_password)" \
     --set warehouse_password="$(cat /run/secrets/warehouse_password)" <<'SQL'
create role airflow login password :'airflow_password';
create database airflow owner airflow;
create role meterr login createrole password :'warehouse_password';
create database warehouse owner meterr;
revoke connect on database airflow, warehouse from public;
SQL
