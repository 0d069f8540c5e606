-- From which address and with which agent was a session used? Null where its lines do not agree on one.
-- reads: told_requests, clear_lines (of which the authentication logs')
-- grain: one row per session token
WITH said AS (
    SELECT operator, session_token, client_ip, user_agent
    FROM told_requests
    UNION ALL
    SELECT operator, session_token, client_ip, user_agent
    FROM clear_lines
    WHERE kind = 'authentication')
SELECT operator, session_token,
       CASE WHEN count(DISTINCT client_ip) = 1 THEN min(client_ip) END AS client_ip,
       CASE WHEN count(DISTINCT user_agent) = 1 THEN min(user_agent) END AS user_agent
FROM said
WHERE session_token IS NOT NULL
GROUP BY operator, session_token
ORDER BY operator, session_token
