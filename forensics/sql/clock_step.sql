-- Does some log's clock tick in whole seconds? A declared offset may shift its ticks, all by the same fraction.
-- reads: requests
-- grain: one row
SELECT min(n_fractions) = 1 AS whole_seconds
FROM (SELECT operator, count(DISTINCT extract(microsecond FROM requested_at) % 1000000) AS n_fractions
      FROM requests
      GROUP BY operator) AS clocks
