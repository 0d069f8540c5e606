-- What number does each session bear?
-- reads: request_sessions
-- grain: one row per session, numbered in the order of strands and time
SELECT row_number() OVER (ORDER BY strand_id, session_no) AS session_id,
       strand_id, session_no,
       min(requested_at) AS started_at, max(requested_at) AS ended_at,
       count(*) AS n_requests
FROM request_sessions
GROUP BY strand_id, session_no
ORDER BY session_id
