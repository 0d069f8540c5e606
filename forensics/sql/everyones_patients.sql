-- Of all patients whose lookups can be followed, how many does care explain, whatever the profession?
-- reads: consultations, suspected_accounts (operator, account_id)
-- grain: one row; accounts one of whose clients is faster than the crowd are left out
SELECT count(*) AS n_patients,
       count(*) FILTER (WHERE consultations.is_explained) AS n_explained
FROM consultations
LEFT JOIN suspected_accounts
       ON suspected_accounts.operator = consultations.operator
      AND suspected_accounts.account_id = consultations.account_id
WHERE consultations.is_explained IS NOT NULL AND suspected_accounts.account_id IS NULL
