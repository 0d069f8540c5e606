-- In the clean weeks (before $clean_until), how many patients did each account have, and how many does care explain?
-- reads: consultations
-- grain: one row per operator and account with patients then; none where there are no clean weeks
SELECT operator, account_id,
       count(*) AS n_before, count(*) FILTER (WHERE is_explained) AS explained_before
FROM consultations
WHERE is_explained IS NOT NULL AND first_at < CAST($clean_until AS TIMESTAMP)
GROUP BY operator, account_id
ORDER BY operator, account_id
