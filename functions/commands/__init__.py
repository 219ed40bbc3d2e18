"""What `learnflow` can do besides serving. A command is one module here, of the command's name, and nothing else:

`HELP` (a line), `add_arguments(parser)` and `run(arguments)`, which raises `Refused` for what cannot be done, and may
give an exit code of its own. Its docstring is the head of its `--help`. What it needs is imported in `run`: every
command's module is loaded to know its options.
"""
