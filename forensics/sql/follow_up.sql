-- For how many whole days can the last lookup still be followed by a claim? Null without claims.
-- reads: claims, session_lookups
-- grain: one row
SELECT CAST(floor(extract(epoch FROM (SELECT max(submitted_at) FROM claims)
                                   - (SELECT max(requested_at) FROM session_lookups)) / 86400) AS BIGINT) AS days
