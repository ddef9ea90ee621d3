"""What a review says: its score, its topics, whether it is an advertisement, whether it hides a
complaint. Standard library only; the numbers are in `sentiment.table` (docs/classifier.md).
"""
