-- How many lookups an hour, by the verdict of their session?
-- reads: session_lookups, verdict_of_session
-- grain: one row per operator, hour and verdict with a lookup
SELECT session_lookups.operator, CAST(date_trunc('hour', session_lookups.requested_at) AS TIMESTAMP) AS hour,
       verdict_of_session.verdict, count(*) AS lookups
FROM session_lookups
JOIN verdict_of_session ON verdict_of_session.session_id = session_lookups.session_id
GROUP BY ALL
ORDER BY operator, hour, verdict
