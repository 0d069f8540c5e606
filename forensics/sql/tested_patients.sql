-- How many patients did each strand to be tested see, and how many of them does care explain?
-- reads: tested (strand_id), patients
-- grain: one row per tested strand that saw anyone
SELECT patients.strand_id, count(*) AS n_patients, count(*) FILTER (is_explained) AS n_explained
FROM patients
JOIN tested ON tested.strand_id = patients.strand_id
GROUP BY patients.strand_id
ORDER BY patients.strand_id
