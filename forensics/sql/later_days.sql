-- After the clean weeks (from $clean_until on), how many patients did honest accounts have day by day, and how many
-- does care explain? Beside it, the same of their clean weeks.
-- reads: consultations, own_history (operator, account_id, n_before, explained_before), suspected_accounts
-- grain: one row per operator, account and later day, both with at least two patients; only patients of clients that the
--        account had in its clean weeks, so that a robot at a new address does not pass for an honest account's change;
--        ordered by counts within a profession, so that sums do not depend on what accounts are called
WITH known_clients AS (
    SELECT DISTINCT strand_id FROM consultations WHERE first_at < CAST($clean_until AS TIMESTAMP))
SELECT consultations.operator, consultations.profession, consultations.account_id, CAST(consultations.first_at AS DATE) AS day,
       own_history.n_before, own_history.explained_before,
       count(*) AS n_of_day, count(*) FILTER (WHERE consultations.is_explained) AS explained_of_day
FROM consultations
JOIN known_clients ON known_clients.strand_id = consultations.strand_id
JOIN own_history
  ON own_history.operator = consultations.operator AND own_history.account_id = consultations.account_id
LEFT JOIN suspected_accounts
       ON suspected_accounts.operator = consultations.operator
      AND suspected_accounts.account_id = consultations.account_id
WHERE consultations.is_explained IS NOT NULL
  AND consultations.first_at >= CAST($clean_until AS TIMESTAMP)
  AND suspected_accounts.account_id IS NULL
  AND own_history.n_before >= 2
GROUP BY consultations.operator, consultations.profession, consultations.account_id, CAST(consultations.first_at AS DATE),
         own_history.n_before, own_history.explained_before
HAVING count(*) >= 2
ORDER BY consultations.profession, own_history.n_before, own_history.explained_before, consultations.operator,
         consultations.account_id, day
