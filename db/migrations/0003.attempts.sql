-- depends: 0001.members

-- Every check of a pair, also of numbers that do not exist. Numbers are keyed hashes: the limits are counted by them.

CREATE TABLE attempts (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    call_id       text NOT NULL,
    caller_masked text NOT NULL,
    caller_hmac   bytea NOT NULL,
    number_masked text NOT NULL,
    number_hmac   bytea NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('matched', 'mismatched', 'silenced', 'limited'))
);

COMMENT ON COLUMN attempts.number_hmac IS 'of the account''s insurance number where there is one, else of what was keyed';
COMMENT ON COLUMN attempts.outcome IS
    'silenced: the pair matched, but the number had failed too often; limited: it had its passwords for today';

CREATE INDEX attempts_failed_by_caller ON attempts (caller_hmac, at) WHERE outcome IN ('mismatched', 'silenced');
CREATE INDEX attempts_failed_by_number ON attempts (number_hmac, at) WHERE outcome = 'mismatched';
