-- Of all patients whose lookups can be followed, how many does care explain, whatever the profession?
-- reads: patients, suspected_accounts (operator, account_id)
-- grain: one row; accounts one of whose clients is faster than the crowd are left out
SELECT count(*) AS n_patients,
       count(*) FILTER (WHERE patients.is_explained) AS n_explained
FROM patients
LEFT JOIN suspected_accounts
       ON suspected_accounts.operator = patients.operator
      AND suspected_accounts.account_id = patients.account_id
WHERE patients.is_explained IS NOT NULL AND suspected_accounts.account_id IS NULL
