-- Which requests belong together? One session per lane (a token of a strand) until it falls silent for longer than
-- $gap_minutes; what goes on for longer than $cap_hours is cut at whole multiples of it, counted from the first request
-- since the last silence. Where the cap cuts thus depends on no other cut, and on no order of rows.
-- reads: request_lanes
-- grain: one row per request; session_no counts from 1 within a strand in the order of time, then of lanes
WITH marked AS (
    SELECT *, requested_at - lag(requested_at) OVER by_lane AS silence
    FROM request_lanes
    WINDOW by_lane AS (PARTITION BY strand_id, lane_no ORDER BY requested_at, request_id)),
stretched AS (
    SELECT *, count(*) FILTER (WHERE silence > $gap_minutes * INTERVAL 1 MINUTE) OVER so_far AS stretch
    FROM marked
    WINDOW so_far AS (PARTITION BY strand_id, lane_no ORDER BY requested_at, request_id ROWS UNBOUNDED PRECEDING)),
begun AS (
    SELECT *, requested_at - min(requested_at) OVER (PARTITION BY strand_id, lane_no, stretch) AS since
    FROM stretched),
capped AS (
    SELECT *, floor((extract(day FROM since) * 24 + extract(hour FROM since)) / $cap_hours) AS part
    FROM begun),
dated AS (
    SELECT *, min(requested_at) OVER (PARTITION BY strand_id, lane_no, stretch, part) AS started_at
    FROM capped)
SELECT request_id, strand_id, dense_rank() OVER (PARTITION BY strand_id ORDER BY started_at, lane_no) AS session_no
FROM dated
