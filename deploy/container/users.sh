#!/bin/sh
# The users of a new database, for the postgres image of compose.yaml: docs/operator.md says what each may do. Their passwords are
# those that `keys` has drawn; they go in by standard input, for arguments can be read by every process.
set -eu

secret() { cat "/run/keys/$1"; }

psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres --quiet <<SQL
CREATE ROLE hotline_app NOLOGIN;
CREATE ROLE hotline_backend NOLOGIN;
CREATE ROLE hotline_operator NOLOGIN;
CREATE ROLE hotline_reporter NOLOGIN;
CREATE ROLE hotline_retention NOLOGIN;
CREATE ROLE hotline_migrator LOGIN CREATEROLE PASSWORD '$(secret hotline_migrator)';
CREATE ROLE hotline_service LOGIN PASSWORD '$(secret hotline_service)' IN ROLE hotline_app;
CREATE ROLE hotline_cleaner LOGIN PASSWORD '$(secret hotline_cleaner)' IN ROLE hotline_retention;
CREATE DATABASE hotline OWNER hotline_migrator ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE hotline FROM PUBLIC;
GRANT CONNECT ON DATABASE hotline TO hotline_app, hotline_backend, hotline_operator, hotline_reporter, hotline_retention;
SQL
