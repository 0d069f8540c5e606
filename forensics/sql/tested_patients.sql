-- How many patients did each strand to be tested see, on which days, and how many of them does care explain?
-- reads: tested (strand_id), patients
-- grain: one row per tested strand with a patient whose care can be known
SELECT patients.strand_id, patients.operator, patients.account_id, patients.profession,
       CAST(min(first_at) AS DATE) AS first_day, CAST(max(first_at) AS DATE) AS last_day,
       count(*) AS n_patients, count(*) FILTER (WHERE is_explained) AS n_explained
FROM patients
JOIN tested ON tested.strand_id = patients.strand_id
WHERE is_explained IS NOT NULL
GROUP BY patients.strand_id, patients.operator, patients.account_id, patients.profession
ORDER BY patients.strand_id
