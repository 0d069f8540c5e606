-- Of the patients of clients judged honest, how many does care explain, before and after $clean_until?
-- reads: patients, followed (operator, days), suspect (strand_id: every other client), askable, register
-- grain: one row per operator, insurer (null: all of the operator's), profession, account and period; operators whose
--        lookups no claim can follow are left out; one with two insurers counts for each, and once for the operator
WITH honest AS (
    SELECT patients.operator, coalesce(patients.profession, '') AS profession,
           coalesce(patients.account_id, '') AS account_id,
           coalesce(patients.first_at < $clean_until, FALSE) AS is_clean,
           patients.subject_kind, patients.subject_key, patients.is_explained
    FROM patients
    JOIN followed ON followed.operator = patients.operator
    WHERE NOT EXISTS (SELECT 1 FROM suspect WHERE suspect.strand_id = patients.strand_id)),
insured AS (
    SELECT DISTINCT askable.operator, askable.subject_kind, askable.subject_key, register.insurer_id
    FROM askable
    JOIN register
      ON register.operator = askable.operator
     AND register.card_key = askable.card_key
     AND (askable.person_key IS NULL OR register.person_key = askable.person_key)
    WHERE register.insurer_id IS NOT NULL),
scoped AS (
    SELECT operator, CAST(NULL AS VARCHAR) AS insurer_id, profession, account_id, is_clean, is_explained
    FROM honest
    UNION ALL
    SELECT honest.operator, insured.insurer_id, honest.profession, honest.account_id, honest.is_clean,
           honest.is_explained
    FROM honest
    JOIN insured
      ON insured.operator = honest.operator
     AND insured.subject_kind = honest.subject_kind
     AND insured.subject_key = honest.subject_key)
SELECT operator, insurer_id, profession, account_id, is_clean,
       count(*) AS n_patients,
       count(*) FILTER (WHERE is_explained) AS n_explained
FROM scoped
GROUP BY operator, insurer_id, profession, account_id, is_clean
ORDER BY operator, insurer_id NULLS FIRST, profession, account_id, is_clean
