-- Which elements does each list hold, in the shape that is asked for?
-- reads: texts (line, text: null where there is no list)
-- grain: one row per text; elements is null where the text is no JSON of that shape, and so is each part of an element
SELECT line, CASE WHEN json_valid(text) THEN json_transform(text, $shape) END AS elements
FROM texts
ORDER BY line
