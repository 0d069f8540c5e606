-- Of the patients of clients that were not accused, how many does care explain, before and after $clean_until?
-- reads: patients, accused (strand_id)
-- grain: one row per operator, profession, account and period; a patient whose care cannot be known is not explained
SELECT patients.operator, coalesce(patients.profession, '') AS profession,
       coalesce(patients.account_id, '') AS account_id,
       coalesce(patients.first_at < $clean_until, FALSE) AS is_clean,
       count(*) AS n_patients,
       count(*) FILTER (WHERE is_explained) AS n_explained
FROM patients
WHERE NOT EXISTS (SELECT 1 FROM accused WHERE accused.strand_id = patients.strand_id)
GROUP BY ALL
ORDER BY ALL
