-- How does the screen of a request show people, where the logs that tell of it say so?
-- reads: clear_requests (admitted lines of all logs, one row a request)
-- grain: one row per request whose tier is known
SELECT source_number * $lines_a_source + line AS request_id, tier
FROM clear_requests
WHERE tier IS NOT NULL
