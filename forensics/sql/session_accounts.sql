-- Whose was a session, and from when to when? Until the next login changes it; the first account's from the start.
-- reads: told_requests, clear_lines (of which the authentication logs')
-- grain: one row per session token and stretch under one account; starts_at and ends_at (not included) may be null
WITH said AS (
    SELECT operator, session_token, account_id, requested_at, source_number, line
    FROM told_requests
    UNION ALL
    SELECT operator, session_token, account_id, requested_at, source_number, line
    FROM clear_lines
    WHERE kind = 'authentication'),
named AS (
    SELECT operator, session_token, account_id, requested_at, source_number, line,
           lag(account_id) OVER (PARTITION BY operator, session_token
                                 ORDER BY requested_at, source_number, line) AS account_before
    FROM said
    WHERE session_token IS NOT NULL AND account_id IS NOT NULL),
changes AS (
    SELECT operator, session_token, account_id, requested_at, account_before,
           lead(requested_at) OVER (PARTITION BY operator, session_token
                                    ORDER BY requested_at, source_number, line) AS ends_at
    FROM named
    WHERE account_before IS NULL OR account_before <> account_id)
SELECT operator, session_token, account_id,
       CASE WHEN account_before IS NOT NULL THEN requested_at END AS starts_at,
       ends_at
FROM changes
ORDER BY operator, session_token, starts_at NULLS FIRST
