-- From when to when does the log run?
-- reads: requests
-- grain: one row
SELECT min(requested_at) AS first_at, max(requested_at) AS last_at
FROM requests
