-- Where did answers return people whom they do not name to requests that ask for nobody, after $clean_until (null: ever)?
-- reads: requests, returned_people
-- grain: one row per operator where any did. Detection tests whom requests ask for or answers name, and cannot test these.
SELECT DISTINCT requests.operator
FROM requests
LEFT JOIN (SELECT DISTINCT request_id FROM returned_people) AS named ON named.request_id = requests.request_id
WHERE requests.subject_key IS NULL
  AND named.request_id IS NULL
  AND requests.records_returned > 0
  AND (requests.status IS NULL OR requests.status = 200)
  AND requests.action NOT IN ('static', 'login')
  AND (CAST($clean_until AS TIMESTAMP) IS NULL OR requests.requested_at >= CAST($clean_until AS TIMESTAMP))
ORDER BY requests.operator
