-- depends: 0015.peppers

-- Who works with another pepper than the service finds nothing, and is not to take that for an answer.

GRANT SELECT (key_id, fingerprint) ON peppers TO hotline_operator;
