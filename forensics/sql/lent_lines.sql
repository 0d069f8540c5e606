-- Who sent the lines that are not joined, as far as they or the other lines of their sessions tell?
-- reads: unjoined_lines, session_accounts, session_clients, address_accounts
-- grain: one row per line; where a line of an access log names no account, `address_account` is whoever had logged in
--        from its address last
SELECT line.id, line.kind, line.operator, line.source, line.server, line.requested_at, line.at_us, line.done,
       line.session_token, line.user_agent,
       coalesce(line.account_id, session_accounts.account_id) AS account_id,
       coalesce(line.client_ip, session_clients.client_ip) AS client_ip,
       CASE WHEN line.kind = 'access_log' THEN address_accounts.account_id END AS address_account
FROM unjoined_lines AS line
LEFT JOIN session_accounts
       ON session_accounts.operator = line.operator
      AND session_accounts.session_token = line.session_token
      AND (session_accounts.starts_at IS NULL OR session_accounts.starts_at <= line.requested_at)
      AND (session_accounts.ends_at IS NULL OR session_accounts.ends_at > line.requested_at)
LEFT JOIN session_clients
       ON session_clients.operator = line.operator
      AND session_clients.session_token = line.session_token
LEFT JOIN address_accounts
       ON address_accounts.operator = line.operator
      AND address_accounts.client_ip = line.client_ip
      AND address_accounts.starts_at <= line.requested_at
      AND (address_accounts.ends_at IS NULL OR address_accounts.ends_at > line.requested_at)
