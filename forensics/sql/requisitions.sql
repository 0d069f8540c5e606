-- From where and when were the requests of each campaign sent, as an access provider needs it to name a subscriber?
-- reads: requests, request_sessions, session_keys, accused_sessions (session_id, campaign_id)
-- grain: one row per campaign, operator, address, port and session; the port is null where the log has none
SELECT accused_sessions.campaign_id, requests.operator, requests.client_ip, requests.client_port,
       accused_sessions.session_id, min(requests.requested_at) AS started_at, max(requests.requested_at) AS ended_at,
       count(*) AS n_requests
FROM accused_sessions
JOIN session_keys ON session_keys.session_id = accused_sessions.session_id
JOIN request_sessions
  ON request_sessions.strand_id = session_keys.strand_id AND request_sessions.session_no = session_keys.session_no
JOIN requests ON requests.request_id = request_sessions.request_id
GROUP BY accused_sessions.campaign_id, requests.operator, requests.client_ip, requests.client_port,
         accused_sessions.session_id
ORDER BY accused_sessions.campaign_id, requests.operator, requests.client_ip NULLS FIRST,
         started_at, requests.client_port NULLS FIRST, accused_sessions.session_id
