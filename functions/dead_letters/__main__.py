"""In a deployment, where an image holds one function and no `learnflow`: `knative/dead-letters.sh` runs this."""

import argparse
import sys

from functions.dead_letters.arguments import add_arguments
from functions.dead_letters.command import run
from functions.refused import told

parser = argparse.ArgumentParser(prog="dead-letters")
add_arguments(parser)
arguments = argparse.Namespace(**vars(parser.parse_args()), data=None)
sys.exit(told(lambda: run(arguments)))
