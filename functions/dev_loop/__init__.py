"""Save a file, and the next request runs it: the loop of `learnflow dev`, and of a pod under `skaffold dev`.

Uvicorn's own reload is not used: with a broken import it leaves requests hanging until the next save (in a pod until
the liveness probe ends the container, and with it every file that was copied in), it forgets what was saved while it
restarted, and without another package it sees nothing but `.py`. Nothing here imports what a developer edits.
"""
