-- What number does each session bear?
-- reads: request_sessions, requests
-- grain: one row per session, numbered in the order of strands and time
SELECT row_number() OVER (ORDER BY strand_id, session_no) AS session_id,
       strand_id, session_no,
       min(requests.requested_at) AS started_at, max(requests.requested_at) AS ended_at,
       count(*) AS n_requests
FROM request_sessions
JOIN requests ON requests.request_id = request_sessions.request_id
GROUP BY strand_id, session_no
ORDER BY session_id
