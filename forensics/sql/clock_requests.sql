-- Which requests can tell of the servers' clocks? All of the sessions that are to tell of them.
-- reads: clock_lots, clock_sessions
-- grain: one row per request
SELECT lots.operator, lots.server, lots.action, lots.requested_at, lots.request_id, lots.drawn, sessions.session
FROM clock_lots AS lots
JOIN clock_sessions AS sessions
  ON sessions.operator = lots.operator
 AND sessions.session_token IS NOT DISTINCT FROM lots.session_token
 AND sessions.account_id IS NOT DISTINCT FROM lots.account_id
 AND sessions.client_ip IS NOT DISTINCT FROM lots.client_ip
 AND sessions.user_agent IS NOT DISTINCT FROM lots.user_agent
 AND sessions.day IS NOT DISTINCT FROM lots.day
