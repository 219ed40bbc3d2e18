"""The optional language model: drafts parts of a lesson, of which only what passes every check is used.

Nothing here is imported where no model is set.
"""
