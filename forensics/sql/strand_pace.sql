-- How many distinct subjects did a strand ask for in its busiest window of $window_minutes minutes?
-- reads: asked_people
-- grain: one row per strand with a lookup; clean_busiest counts only windows that end before $clean_until
WITH per_window AS (
    SELECT strand_id, date_trunc('hour', requested_at) AS hour,
           floor(extract(minute FROM requested_at) / $window_minutes) AS part_of_hour,
           count(DISTINCT subject_key) AS n_subjects,
           max(requested_at) AS last_at
    FROM asked_people
    GROUP BY ALL)
SELECT strand_id,
       count(*) AS n_windows,
       max(n_subjects) AS busiest_subjects,
       max(n_subjects) FILTER (WHERE last_at < $clean_until) AS clean_busiest
FROM per_window
GROUP BY strand_id
ORDER BY strand_id
