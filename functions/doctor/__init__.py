"""`learnflow doctor`: what is missing or wrong for each way to run, with the command that mends it."""

WAYS = {"embedded": "uv run learnflow", "stack": "dapr run -f .", "cluster": "skaffold run"}
