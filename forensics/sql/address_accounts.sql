-- Who had logged in from an address last, and until when? Until somebody else does.
-- reads: clear_lines (of which the authentication logs')
-- grain: one row per address and stretch under one account; ends_at (not included) may be null
WITH logins AS (
    SELECT operator, client_ip, account_id, requested_at, source_number, line,
           lag(account_id) OVER (PARTITION BY operator, client_ip
                                 ORDER BY requested_at, source_number, line) AS account_before
    FROM clear_lines
    WHERE kind = 'authentication' AND client_ip IS NOT NULL AND account_id IS NOT NULL)
SELECT operator, client_ip, account_id, requested_at AS starts_at,
       lead(requested_at) OVER (PARTITION BY operator, client_ip ORDER BY requested_at, source_number, line) AS ends_at
FROM logins
WHERE account_before IS NULL OR account_before <> account_id
ORDER BY operator, client_ip, starts_at
