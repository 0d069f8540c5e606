-- By how much do a session's requests on a server come after its requests on the reference, one pair a session?
-- reads: clock_meetings
-- grain: one row per operator, server and session that both served
WITH drawn AS (
    SELECT operator, server, reference, requested_at, reference_at,
           row_number() OVER (PARTITION BY operator, server, session ORDER BY drawn, action) AS place
    FROM clock_meetings
    WHERE requested_at IS NOT NULL AND reference_at IS NOT NULL)
SELECT operator, server, reference, requested_at, reference_at
FROM drawn
WHERE place = 1
ORDER BY operator, server, reference_at, requested_at
