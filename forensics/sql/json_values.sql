-- What does each document say at the paths that are asked for?
-- reads: documents (line, text: null where the line cannot be a document)
-- grain: one row per document; found is the list of values as texts, null where the text is no JSON
SELECT line, CASE WHEN json_valid(text) THEN json_extract_string(text, $paths) END AS found
FROM documents
ORDER BY line
