"""Evidence in: formats, mapping, the door where rows are checked, pseudonyms, log coverage."""
