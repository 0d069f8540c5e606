"""How well are robots told from people? Whole incidents, made, analysed and held against the truth."""
