-- depends: 0009.days

-- A call has a row from its beginning. One without an outcome goes on, or its process died: an hour is the longest that a call
-- can be set to last (HOTLINE_CALL__LONGEST_SECONDS), and its end is written when the database is back.

CREATE OR REPLACE VIEW call_days AS
SELECT day, outcome, sum(calls)::bigint AS calls, sum(seconds) AS seconds,
       sum(billed_minutes)::bigint AS billed_minutes, sum(price)::bigint AS price
FROM (
    SELECT day, outcome, calls, seconds, billed_minutes, price FROM daily_calls
    UNION ALL
    SELECT (started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
           coalesce(outcome, CASE WHEN started_at < now() - interval '65 min' THEN 'lost' ELSE 'under-way' END),
           count(*), coalesce(sum(extract(epoch FROM ended_at - started_at)), 0), sum(billed_minutes), sum(price)
    FROM calls GROUP BY 1, 2
) AS days GROUP BY day, outcome;

COMMENT ON COLUMN calls.outcome IS 'null while the call goes on, and for ever if its process died';
