-- How many people are on a card, on average?
-- reads: register
-- grain: one row per operator
SELECT operator, CAST(count(*) AS DOUBLE) / count(DISTINCT card_key) AS people
FROM register
GROUP BY operator
ORDER BY operator
