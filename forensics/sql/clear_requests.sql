-- Which requests reached the portal, and whose were they? What a line lacks of who asked is taken from its session.
-- reads: told_requests, session_accounts, session_clients
-- grain: one row per request
SELECT told.source_number, told.line, told.operator, told.request_ref, told.server, told.requested_at,
       coalesce(told.account_id, session_accounts.account_id) AS account_id,
       told.session_token,
       coalesce(told.client_ip, session_clients.client_ip) AS client_ip,
       told.client_port,
       coalesce(told.user_agent, session_clients.user_agent) AS user_agent,
       told.method, told.path, told.action, told.status, told.response_bytes, told.duration_ms,
       told.subject_kind, told.subject_message, told.records_returned, told.tier
FROM told_requests AS told
LEFT JOIN session_accounts
       ON session_accounts.operator = told.operator
      AND session_accounts.session_token = told.session_token
      AND (session_accounts.starts_at IS NULL OR session_accounts.starts_at <= told.requested_at)
      AND (session_accounts.ends_at IS NULL OR session_accounts.ends_at > told.requested_at)
LEFT JOIN session_clients
       ON session_clients.operator = told.operator
      AND session_clients.session_token = told.session_token
