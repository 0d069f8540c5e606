-- How many sessions would there be if other silences ended them? Three cuts of one sort.
-- reads: request_lanes
-- grain: one row per silence ($short_minutes, $middle_minutes, $long_minutes), capped at $cap_hours as sessions are
WITH marked AS (
    SELECT *, requested_at - lag(requested_at) OVER by_lane AS silence
    FROM request_lanes
    WINDOW by_lane AS (PARTITION BY strand_id, lane_no ORDER BY requested_at, request_id)),
stretched AS (
    SELECT *,
           count(*) FILTER (WHERE silence > $short_minutes * INTERVAL 1 MINUTE) OVER so_far AS short,
           count(*) FILTER (WHERE silence > $middle_minutes * INTERVAL 1 MINUTE) OVER so_far AS middle,
           count(*) FILTER (WHERE silence > $long_minutes * INTERVAL 1 MINUTE) OVER so_far AS long
    FROM marked
    WINDOW so_far AS (PARTITION BY strand_id, lane_no ORDER BY requested_at, request_id ROWS UNBOUNDED PRECEDING)),
begun AS (
    SELECT strand_id, lane_no, $short_minutes AS gap_minutes, short AS stretch,
           requested_at - min(requested_at) OVER (PARTITION BY strand_id, lane_no, short) AS since
    FROM stretched
    UNION ALL
    SELECT strand_id, lane_no, $middle_minutes AS gap_minutes, middle AS stretch,
           requested_at - min(requested_at) OVER (PARTITION BY strand_id, lane_no, middle) AS since
    FROM stretched
    UNION ALL
    SELECT strand_id, lane_no, $long_minutes AS gap_minutes, long AS stretch,
           requested_at - min(requested_at) OVER (PARTITION BY strand_id, lane_no, long) AS since
    FROM stretched),
sessions_of AS (
    SELECT DISTINCT gap_minutes, strand_id, lane_no, stretch,
           floor((extract(day FROM since) * 24 + extract(hour FROM since)) / $cap_hours) AS part
    FROM begun)
SELECT CAST(gap_minutes AS BIGINT) AS gap_minutes, count(*) AS n_sessions
FROM sessions_of
GROUP BY gap_minutes
ORDER BY gap_minutes
