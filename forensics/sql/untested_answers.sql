-- Where did answers return people to requests that ask for nobody by name or number, after $clean_until (null: ever)?
-- reads: requests, returned_people
-- grain: one row per operator where any did; n_untested: such answers, in full; n_unnamed: those of them that do not
--        even say whom they returned. Detection tests what is asked for, and cannot test these.
SELECT requests.operator,
       count(*) AS n_untested,
       count(*) FILTER (WHERE named.request_id IS NULL) AS n_unnamed
FROM requests
LEFT JOIN (SELECT DISTINCT request_id FROM returned_people) AS named ON named.request_id = requests.request_id
WHERE requests.subject_key IS NULL
  AND requests.records_returned > 0
  AND (requests.status IS NULL OR requests.status = 200)
  AND requests.action NOT IN ('static', 'login')
  AND (CAST($clean_until AS TIMESTAMP) IS NULL OR requests.requested_at >= CAST($clean_until AS TIMESTAMP))
GROUP BY requests.operator
ORDER BY requests.operator
