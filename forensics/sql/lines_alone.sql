-- Which two lines, of an access log and of an audit trail, are alone with each other for $neighbourhood_us around?
-- reads: keyed_lines
-- grain: one row per pair: lines of one sender and one thing done, with no other within reach of either
WITH ordered AS (
    SELECT operator, kind, source, server, requested_at, at_us, id,
           lag(at_us) OVER by_time AS before_us,
           lead(at_us) OVER by_time AS after_us,
           lead(at_us, 2) OVER by_time AS second_after_us,
           lead(kind) OVER by_time AS next_kind,
           lead(source) OVER by_time AS next_source,
           lead(server) OVER by_time AS next_server,
           lead(requested_at) OVER by_time AS next_requested_at
    FROM keyed_lines
    WINDOW by_time AS (PARTITION BY operator, sender, done ORDER BY at_us, id)),
pairs AS (
    SELECT *, kind = 'access_log' AS is_access_first
    FROM ordered
    WHERE next_kind <> kind
      AND after_us - at_us <= $neighbourhood_us
      AND (before_us IS NULL OR at_us - before_us > $neighbourhood_us)
      AND (second_after_us IS NULL OR second_after_us - after_us > $neighbourhood_us))
SELECT operator,
       CASE WHEN is_access_first THEN source ELSE next_source END AS access_source,
       CASE WHEN is_access_first THEN server ELSE next_server END AS server,
       CASE WHEN is_access_first THEN next_source ELSE source END AS audit_source,
       CASE WHEN is_access_first THEN next_requested_at ELSE requested_at END AS requested_at,
       CASE WHEN is_access_first THEN requested_at ELSE next_requested_at END AS reference_at
FROM pairs
ORDER BY operator, access_source, server NULLS FIRST, audit_source, reference_at, requested_at
