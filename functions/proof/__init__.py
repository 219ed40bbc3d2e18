"""Runs code and proves curriculum by it; nothing else in the project runs code (spec section 5)."""
