"""`learnflow dead-letters`: the events that were given up, why, and how to have them handled after all."""
