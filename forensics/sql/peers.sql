-- In the weeks of each strand to be tested ($window_days days either side), how many patients of each peer does care explain?
-- reads: tested (strand_id), suspected_accounts (operator, account_id), patients
-- grain: one row per tested strand and peer: another account of the same operator and profession, none of
--        whose clients is faster than the crowd
WITH span AS (
    SELECT patients.strand_id, patients.operator, patients.profession,
           min(first_at) AS first_at, max(first_at) AS last_at
    FROM patients
    JOIN tested ON tested.strand_id = patients.strand_id
    GROUP BY patients.strand_id, patients.operator, patients.profession)
SELECT span.strand_id, patients.account_id AS peer,
       count(*) AS n_patients,
       count(*) FILTER (patients.is_explained) AS n_explained
FROM span
JOIN patients
  ON patients.operator = span.operator
 AND patients.profession = span.profession
 AND patients.first_at >= span.first_at - $window_days * INTERVAL 1 DAY
 AND patients.first_at <= span.last_at + $window_days * INTERVAL 1 DAY
WHERE NOT EXISTS (SELECT 1 FROM suspected_accounts
                  WHERE suspected_accounts.operator = patients.operator
                    AND suspected_accounts.account_id IS NOT DISTINCT FROM patients.account_id)
GROUP BY span.strand_id, patients.account_id
ORDER BY span.strand_id, patients.account_id
