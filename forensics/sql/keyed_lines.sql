-- Which of the lines not joined yet could be one request by what $basis tells of who sent them?
-- reads: lent_lines, timed_lines (request_id, line_id: what was joined by time already)
-- grain: one row per line; lines of one `sender` may be one request
WITH keyed AS (
    SELECT lent.*,
           CASE $basis WHEN 'session' THEN session_token
                       WHEN 'account_and_address' THEN client_ip || ' ' || account_id
                       WHEN 'account' THEN account_id
                       WHEN 'login' THEN coalesce(account_id, address_account)
                       WHEN 'address' THEN client_ip END AS sender
    FROM lent_lines AS lent
    LEFT JOIN timed_lines AS as_request ON as_request.request_id = lent.id
    LEFT JOIN timed_lines AS as_line ON as_line.line_id = lent.id
    WHERE as_request.request_id IS NULL AND as_line.line_id IS NULL)
SELECT * FROM keyed WHERE sender IS NOT NULL
