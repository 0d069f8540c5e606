-- Which two lines are each the other's nearest?
-- reads: time_candidates
-- grain: one row per pair
WITH nearest AS (
    SELECT request_id, line_id, place,
           min(place) OVER (PARTITION BY request_id) AS nearest_of_request,
           min(place) OVER (PARTITION BY line_id) AS nearest_of_line
    FROM time_candidates)
SELECT request_id, line_id
FROM nearest
WHERE place = nearest_of_request AND place = nearest_of_line
ORDER BY request_id
