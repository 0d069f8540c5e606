-- Were requests dealt to a server and the reference as by chance, or do sessions stay where they are?
-- reads: clock_meetings
-- grain: one row per operator and server beside the reference; `mixing` is how often two requests of a session (for
--        the same action) met different servers of the two, as a share of what dealing at random gives: 1 where it is
--        random, 0 where each session stays on one server; null where nothing could have met
WITH shares AS (
    SELECT operator, server, action,
           sum(requests) * 1.0 / (sum(requests) + sum(reference_requests)) AS share
    FROM clock_meetings
    GROUP BY operator, server, action),
met AS (
    SELECT seen.operator, seen.server, seen.reference,
           2.0 * seen.requests * seen.reference_requests
           / ((seen.requests + seen.reference_requests) * (seen.requests + seen.reference_requests - 1.0)) AS apart,
           2.0 * share * (1.0 - share) AS expected
    FROM clock_meetings AS seen
    JOIN shares ON shares.operator = seen.operator AND shares.server = seen.server AND shares.action = seen.action
    WHERE seen.requests + seen.reference_requests > 1)
SELECT operator, server, reference, round(sum(apart) / nullif(sum(expected), 0.0), 6) AS mixing
FROM met
GROUP BY operator, server, reference
ORDER BY operator, server
