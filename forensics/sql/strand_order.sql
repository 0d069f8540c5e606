-- How often does what a strand asks for sort after, or before, what it asked for just before?
-- reads: session_lookups
-- grain: one row per strand with a lookup; n_runs: stretches within which the order is known
SELECT strand_id,
       count(*) FILTER (WHERE key_step > 0) AS n_up,
       count(*) FILTER (WHERE key_step < 0) AS n_down,
       count(*) FILTER (WHERE key_step IS NULL) AS n_runs
FROM session_lookups
GROUP BY strand_id
ORDER BY strand_id
