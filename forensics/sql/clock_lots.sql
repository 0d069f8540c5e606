-- Which session does a request belong to, and when is it drawn, where requests are drawn by lot?
-- reads: requests
-- grain: one row per request of a known server and sender
-- A session is a session token's; without one, an account's, address's and agent's of a day. A request's lot is its
-- number to the power of five modulo the prime 2**31 - 1, which shuffles what is left of the number after division.
WITH numbered AS (
    SELECT request_id, operator, server, action, requested_at, session_token,
           CASE WHEN session_token IS NULL THEN account_id END AS account_id,
           CASE WHEN session_token IS NULL THEN client_ip END AS client_ip,
           CASE WHEN session_token IS NULL THEN user_agent END AS user_agent,
           CASE WHEN session_token IS NULL THEN CAST(requested_at AS DATE) END AS day,
           request_id % 2147483647 AS x
    FROM requests
    WHERE server IS NOT NULL AND (session_token IS NOT NULL OR account_id IS NOT NULL OR client_ip IS NOT NULL)),
squared AS (SELECT *, (x * x) % 2147483647 AS x2 FROM numbered)
SELECT request_id, operator, server, action, requested_at, session_token, account_id, client_ip, user_agent, day,
       (((x2 * x2) % 2147483647) * x) % 2147483647 AS drawn
FROM squared
