-- Which session does each request belong to?
-- reads: requests, request_sessions, session_keys
-- grain: one row per request
SELECT request_sessions.request_id, requests.request_ref, session_keys.session_id
FROM request_sessions
JOIN requests ON requests.request_id = request_sessions.request_id
JOIN session_keys
  ON session_keys.strand_id = request_sessions.strand_id
 AND session_keys.session_no = request_sessions.session_no
ORDER BY request_sessions.request_id
