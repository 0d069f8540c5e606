-- Of the patients of clients that were not accused, how many does care explain, before and after $clean_until?
-- reads: patients, accused (strand_id)
-- grain: one row per operator, profession, account and period
SELECT patients.operator, coalesce(patients.profession, '') AS profession, patients.account_id,
       coalesce(patients.first_at < $clean_until, FALSE) AS is_clean,
       count(*) AS n_patients,
       count(*) FILTER (is_explained) AS n_explained
FROM patients
WHERE NOT EXISTS (SELECT 1 FROM accused WHERE accused.strand_id = patients.strand_id)
GROUP BY ALL
ORDER BY ALL
