-- How long were the silences between the lookups of one session?
-- reads: asked_people, units (unit, strand_id, is_accused)
-- grain: one row per silence, in the order of units and time; a gap counts as at least $least_gap_us
WITH moments AS (
    SELECT DISTINCT asked_people.strand_id, units.unit, asked_people.session_id, asked_people.request_id,
           asked_people.requested_at
    FROM asked_people
    JOIN units ON units.strand_id = asked_people.strand_id),
gaps AS (
    SELECT unit, requested_at, request_id,
           greatest(CAST(extract(epoch FROM requested_at - lag(requested_at) OVER in_session) * 1000000 AS BIGINT),
                    $least_gap_us) AS gap_us,
           lag(requested_at) OVER in_session IS NOT NULL AS has_gap
    FROM moments
    WINDOW in_session AS (PARTITION BY session_id ORDER BY requested_at, request_id))
SELECT unit, gap_us
FROM gaps
WHERE has_gap
ORDER BY unit, requested_at, request_id
