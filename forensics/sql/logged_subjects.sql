-- What did the logs ask for, and did any answer show that it exists?
-- reads: clear_requests (admitted lines of all logs, one row a request)
-- grain: one row per operator and subject
SELECT operator, subject_kind, subject_message,
       bool_or((status IS NULL OR status BETWEEN 200 AND 299)
               AND (records_returned IS NULL OR records_returned > 0)
               AND (method IS NULL OR method <> 'HEAD')
               AND action NOT IN ('static', 'login')) AS shown
FROM clear_requests
WHERE subject_message IS NOT NULL
GROUP BY operator, subject_kind, subject_message
ORDER BY operator, subject_kind, subject_message
