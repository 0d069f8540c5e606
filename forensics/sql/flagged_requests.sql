-- Which requests were made in sessions of one verdict, or (all-flagged) of any verdict but honest?
-- reads: sessions (session_id, campaign_id, verdict), request_sessions (request_id, session_id), requests, keys
-- grain: one row per request; subject is the pseudonym of whom it asked for, in hex. The session token stays behind:
--        it is a key to the portal, not a fact about the request.
SELECT requests.request_id, requests.request_ref, requests.operator, requests.server, requests.requested_at,
       requests.account_id, requests.client_ip, requests.client_port, requests.user_agent,
       requests.method, requests.path, requests.action, requests.status, requests.response_bytes,
       requests.duration_ms, requests.subject_kind, keys.digest AS subject, requests.records_returned,
       sessions.session_id, sessions.campaign_id, sessions.verdict
FROM sessions
JOIN request_sessions ON request_sessions.session_id = sessions.session_id
JOIN requests ON requests.request_id = request_sessions.request_id
LEFT JOIN keys ON keys.kind = 'subject' AND keys.key = requests.subject_key
WHERE sessions.verdict <> 'honest' AND $verdict IN (sessions.verdict, 'all-flagged')
ORDER BY requests.request_id
