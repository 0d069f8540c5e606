-- Which candidates are left, once those that are each the other's nearest are joined?
-- reads: time_candidates, time_pairs
-- grain: one row per pair of lines neither of which is joined
SELECT candidate.request_id, candidate.line_id, candidate.place
FROM time_candidates AS candidate
LEFT JOIN time_pairs AS of_request ON of_request.request_id = candidate.request_id
LEFT JOIN time_pairs AS of_line ON of_line.line_id = candidate.line_id
WHERE of_request.request_id IS NULL AND of_line.line_id IS NULL
