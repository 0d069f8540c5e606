-- Since the clean weeks ended ($clean_until; null: always), how many patients did each account see, how many does care
-- explain, and how many of them did its accused clients see?
-- reads: consultations, judged (strand_id, verdict)
-- grain: one row per operator, profession and account; is_used: one of its clients is accused; is_unclear: one is unclear;
--        in the order of the counts, so that a sum over them does not depend on what accounts are called
SELECT consultations.operator, consultations.profession, consultations.account_id,
       count(*) AS n_patients,
       count(*) FILTER (WHERE consultations.is_explained) AS n_explained,
       count(*) FILTER (WHERE judged.verdict = 'scraping') AS n_by_accused,
       bool_or(judged.verdict = 'scraping') AS is_used,
       bool_or(judged.verdict = 'unclear') AS is_unclear
FROM consultations
JOIN judged ON judged.strand_id = consultations.strand_id
WHERE consultations.is_explained IS NOT NULL
  AND (CAST($clean_until AS TIMESTAMP) IS NULL OR consultations.first_at >= CAST($clean_until AS TIMESTAMP))
GROUP BY consultations.operator, consultations.profession, consultations.account_id
ORDER BY consultations.operator, consultations.profession, n_patients, n_explained, consultations.account_id
