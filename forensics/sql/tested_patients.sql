-- How many patients (or answers of a list) did each strand to be tested see, on which days, and how many of them does
-- care explain? Since $clean_until where the strand saw any since then: its clean weeks are what it is held against.
-- reads: tested (strand_id), consultations
-- grain: one row per tested strand with a consultation whose care can be known
WITH dated AS (
    SELECT consultations.*,
           max(CASE WHEN first_at >= CAST($clean_until AS TIMESTAMP) THEN 1 ELSE 0 END)
               OVER (PARTITION BY consultations.strand_id) AS seen_later,
           CASE WHEN first_at >= CAST($clean_until AS TIMESTAMP) THEN 1 ELSE 0 END AS is_later
    FROM consultations
    JOIN tested ON tested.strand_id = consultations.strand_id
    WHERE is_explained IS NOT NULL)
SELECT strand_id, operator, account_id, profession, seen_later = 1 AS is_later,
       CAST(min(first_at) AS DATE) AS first_day, CAST(max(first_at) AS DATE) AS last_day,
       count(*) AS n_patients, count(*) FILTER (WHERE is_explained) AS n_explained,
       count(*) FILTER (WHERE is_list) AS n_lists
FROM dated
WHERE is_later = seen_later
GROUP BY strand_id, operator, account_id, profession, seen_later
ORDER BY strand_id
