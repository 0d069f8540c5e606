-- Which clients used which accounts? A strand is one account seen from one address with one agent.
-- reads: requests
-- grain: one row per strand; account_id is empty where the log names none
SELECT row_number() OVER (ORDER BY operator, account_id NULLS FIRST, client_ip NULLS FIRST, user_agent NULLS FIRST)
           AS strand_id,
       operator, account_id, client_ip, user_agent
FROM (SELECT DISTINCT operator, account_id, client_ip, user_agent FROM requests) AS clients
ORDER BY strand_id
