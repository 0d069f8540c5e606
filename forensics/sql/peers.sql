-- In the days of the strands to be tested ($window_days either side), how many patients of each account does care
-- explain?
-- reads: spans (profession, first_day, last_day), suspected_accounts (operator, account_id), consultations
-- grain: one row per span and account of its profession, at any operator, none of whose clients is faster than the
--        crowd; in the order of the counts, so that a sum over them does not depend on what accounts are called
WITH by_day AS (
    SELECT consultations.operator, consultations.profession, consultations.account_id, CAST(consultations.first_at AS DATE) AS day,
           count(*) AS n_patients, count(*) FILTER (WHERE consultations.is_explained) AS n_explained
    FROM consultations
    LEFT JOIN suspected_accounts
           ON suspected_accounts.operator = consultations.operator
          AND suspected_accounts.account_id = consultations.account_id
    WHERE consultations.is_explained IS NOT NULL AND suspected_accounts.account_id IS NULL
    GROUP BY ALL)
SELECT spans.profession, spans.first_day, spans.last_day, by_day.operator, by_day.account_id,
       CAST(sum(by_day.n_patients) AS BIGINT) AS n_patients,
       CAST(sum(by_day.n_explained) AS BIGINT) AS n_explained
FROM spans
JOIN by_day
  ON by_day.profession = spans.profession
 AND by_day.day >= spans.first_day - $window_days * INTERVAL 1 DAY
 AND by_day.day <= spans.last_day + $window_days * INTERVAL 1 DAY
GROUP BY spans.profession, spans.first_day, spans.last_day, by_day.operator, by_day.account_id
ORDER BY spans.profession, spans.first_day, spans.last_day, n_patients, n_explained, by_day.operator, by_day.account_id
