-- For how many whole days can the last lookup at an operator still be followed by a claim there?
-- reads: claims, session_lookups
-- grain: one row per operator that has claims and lookups; below zero where the claims end first
WITH claimed AS (
    SELECT operator, max(submitted_at) AS last_claim FROM claims GROUP BY operator),
looked AS (
    SELECT operator, max(requested_at) AS last_lookup FROM session_lookups GROUP BY operator)
SELECT claimed.operator, CAST(floor(extract(epoch FROM claimed.last_claim - looked.last_lookup) / 86400) AS BIGINT) AS days
FROM claimed
JOIN looked ON looked.operator = claimed.operator
ORDER BY claimed.operator
