"""`GET /answers`: what others asked about an error message."""

from functions.find_answers.handler import find_answers
from functions.find_answers.models import Answers, FindAnswers
from functions.runtime.app import create_http_app
from functions.runtime.routes import Route

app = create_http_app("find-answers", [Route("GET", "/answers", find_answers, FindAnswers, Answers)])
