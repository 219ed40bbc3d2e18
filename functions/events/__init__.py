"""`learnflow events`: what the system is doing, by its events; and how to feed a handler with one."""
