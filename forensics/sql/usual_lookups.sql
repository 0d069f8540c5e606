-- What does an ordinary lookup of each operator look like, and with what agents are lookups made?
-- reads: requests
-- grain: one row per operator, server and agent, with how many lookups were in full, and the most usual of the rest
SELECT operator, server, user_agent, mode(method) AS method, mode(path) AS path, mode(action) AS action,
       mode(subject_kind) AS subject_kind, mode(status) AS status, CAST(median(response_bytes) AS BIGINT) AS response_bytes,
       CAST(median(duration_ms) AS BIGINT) AS duration_ms, CAST(median(records_returned) AS INTEGER) AS records_returned,
       count(*) AS n_lookups
FROM requests
WHERE subject_key IS NOT NULL AND action NOT IN ('static', 'login') AND (status IS NULL OR status = 200)
GROUP BY operator, server, user_agent
ORDER BY operator, server NULLS FIRST, user_agent NULLS FIRST
