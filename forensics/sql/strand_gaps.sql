-- How steady are the silences between the lookups of one session?
-- reads: asked_people
-- grain: one row per strand with two lookups in a session; logarithms are summed as integers (millionths),
--        so that the sum does not depend on the order of the rows; a gap counts as at least $least_gap_us
WITH moments AS (
    SELECT strand_id, session_id, request_id, requested_at FROM asked_people WHERE subject_kind <> 'returned'
    UNION ALL
    SELECT DISTINCT strand_id, session_id, request_id, requested_at FROM asked_people WHERE subject_kind = 'returned'),
gaps AS (
    SELECT strand_id,
           greatest(CAST(extract(epoch FROM requested_at - lag(requested_at) OVER in_session) * 1000000 AS BIGINT),
                    $least_gap_us) AS gap_us,
           lag(requested_at) OVER in_session IS NOT NULL AS has_gap
    FROM moments
    WINDOW in_session AS (PARTITION BY session_id ORDER BY requested_at, request_id))
SELECT strand_id,
       count(*) AS n_gaps,
       CAST(sum(gap_us) AS BIGINT) AS gaps_us,
       CAST(sum(CAST(round(ln(gap_us) * 1000000) AS BIGINT)) AS BIGINT) AS log_gaps_millionths,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap_us) / 1000000 AS gap_median_s
FROM gaps
WHERE has_gap
GROUP BY strand_id
ORDER BY strand_id
