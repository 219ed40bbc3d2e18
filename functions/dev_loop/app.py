"""What uvicorn loads in a pod under `skaffold dev`: the function's app, or one that says why it does not load."""

import os
from importlib import import_module

from functions.dev_loop.loading import App, load, refuse_all


def _make() -> App:
    module, _, name = os.environ["LEARNFLOW_DEV_APP"].partition(":")
    found: App = getattr(import_module(module), name)
    return found


reason = os.environ["LEARNFLOW_DEV_REASON"]
app = refuse_all(reason) if reason else load(_make)
