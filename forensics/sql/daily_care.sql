-- Day by day, how many patients (or answers of lists) did all clients of an operator see, and how many does care explain?
-- reads: consultations
-- grain: one row per operator and day with any
SELECT operator, CAST(first_at AS DATE) AS day,
       count(*) AS n_patients, count(*) FILTER (WHERE is_explained) AS n_explained
FROM consultations
WHERE is_explained IS NOT NULL
GROUP BY operator, CAST(first_at AS DATE)
ORDER BY operator, day
