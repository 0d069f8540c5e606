-- Which sessions are to tell of the servers' clocks? Those of about $sampled requests of each operator, drawn by lot,
-- so that what is sorted does not grow with the log; all of them where the log is small.
-- reads: clock_lots, clock_servers (operator, server, reference, requests_of_operator)
-- grain: one row per session
WITH sampled AS (
    SELECT DISTINCT lots.operator, session_token, account_id, client_ip, user_agent, day
    FROM clock_lots AS lots
    JOIN clock_servers ON clock_servers.operator = lots.operator AND clock_servers.server = lots.server
    WHERE drawn <= 2147483647.0 * $sampled / requests_of_operator)
SELECT *, row_number() OVER (ORDER BY operator, session_token, account_id, client_ip, user_agent, day) AS session
FROM sampled
