-- What is the HMAC-SHA256 of each message under a key, its first 16 bytes in hex?
-- $inner, $outer: the key, filled up with zeros to the 64 bytes of a block, after XOR with 0x36 and 0x5c (RFC 2104, 2).
-- reads: messages
-- grain: one row per message, in their order
SELECT message, left(sha256($outer || unhex(sha256($inner || encode(message)))), 32) AS digest
FROM messages
