-- In the clean weeks (before $clean_until), how many patients did each account have, and how many does care explain?
-- reads: consultations, suspected_clients (strand_id)
-- grain: one row per operator and account with patients then; none where there are no clean weeks; clients that the
--        machine suspects are left out: a robot that was there already must not speak for itself
SELECT consultations.operator, consultations.account_id,
       count(*) AS n_before, count(*) FILTER (WHERE consultations.is_explained) AS explained_before
FROM consultations
LEFT JOIN suspected_clients ON suspected_clients.strand_id = consultations.strand_id
WHERE consultations.is_explained IS NOT NULL
  AND suspected_clients.strand_id IS NULL
  AND consultations.first_at < CAST($clean_until AS TIMESTAMP)
GROUP BY consultations.operator, consultations.account_id
ORDER BY consultations.operator, consultations.account_id
