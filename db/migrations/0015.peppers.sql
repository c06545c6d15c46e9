-- depends: 0002.passwords 0011.roles

-- Which pepper has which name, so that another one under the same name is noticed before a password is lost to it.

CREATE TABLE peppers (
    key_id      text PRIMARY KEY,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    first_seen  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE peppers IS 'names of peppers; no pepper is in the database';
COMMENT ON COLUMN peppers.fingerprint IS 'HMAC of a fixed text with the pepper: tells one from another, and nothing of either';

GRANT SELECT, INSERT (key_id, fingerprint) ON peppers TO hotline_app;
