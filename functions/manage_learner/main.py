"""`GET /learners/{user_id}/export`, `DELETE /learners/{user_id}`: everything held about one learner; forgets it."""

from functions.manage_learner.handler import export_learner, forget_learner
from functions.manage_learner.models import LearnerExport, NoQuery
from functions.runtime.app import create_http_app
from functions.runtime.routes import Route

ATTACHED = {"Content-Disposition": "attachment, with a file name"}
app = create_http_app(
    "manage-learner",
    [
        Route(
            "GET",
            "/learners/{user_id}/export",
            export_learner,
            NoQuery,
            LearnerExport,
            errors=(404,),
            answer_headers=ATTACHED,
        ),
        Route("DELETE", "/learners/{user_id}", forget_learner, NoQuery, None, 204),
    ],
)
