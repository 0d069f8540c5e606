-- Does the logs' clock tick in whole seconds?
-- reads: requests
-- grain: one row
SELECT bool_and(date_trunc('second', requested_at) = requested_at) AS whole_seconds
FROM requests
