"""Requests with a genuine token, for what is not the caller's or in a form that nobody means well."""

from tests.support.attempts import MINE, OTHERS, attempt, get, post, progress
from tests.support.raw import Raw

JSON = ("Content-Type", "application/json")
UPDATE = {"user_id": "maya", "lesson_id": "l1"}
LESSON = {"user_id": "maya", "topic": "for-loops"}
# Others' things
attempt("another learner's status", get(OTHERS))
attempt("a lesson for another learner", post("/generate-lesson", {"user_id": "james", "topic": "for-loops"}))
attempt(
    "progress of another learner",
    post("/update-progress", {"user_id": "james", "lesson_id": "l1", "status": "completed"}),
)
attempt("another learner's lessons", get("/lessons?user_id=james"))
attempt(
    "a learner's own evidence taken back",
    post(
        "/update-progress",
        {"user_id": "maya", "lesson_id": "l1", "evidence": [{"kind": "void", "evidence_id": "e", "reason": "r"}]},
    ),
)
attempt("a class, by a learner", get("/classes/7b"))
attempt("a learner of another teacher's", get(MINE, sub="teacher-9", role="teacher"))
attempt("the same learner, named in another case", get("/status?user_id=Maya"))
attempt("an event for a function that is called", post("/generate-lesson/dapr", {"specversion": "1.0"}))
# What is sent
attempt("a body of 1 MiB and one byte", post("/update-progress", b" " * ((1 << 20) + 1)))
attempt(
    "the same in chunks",
    lambda i: Raw(
        "POST",
        "/update-progress",
        [*i.bearer().items(), JSON, ("Transfer-Encoding", "chunked")],
        b"%x\r\n" % (3 << 20) + b" " * (3 << 20) + b"\r\n0\r\n\r\n",
        framed=False,
    ),
)
attempt("JSON nested 10,000 deep", post("/update-progress", progress(b"[" * 10_000 + b"]" * 10_000)))
attempt("JSON nested 33 deep", post("/update-progress", progress(b"[" * 31 + b"]" * 31)))
attempt(
    "a name twice in JSON",
    post("/update-progress", b'{"user_id": "maya", "user_id": "james", "lesson_id": "l1", "status": "completed"}'),
)
attempt("NaN", post("/update-progress", b'{"user_id": "maya", "lesson_id": "l1", "progress_percentage": NaN}'))
attempt("a number of 5,000 digits", post("/update-progress", progress(b"9" * 5000)))
attempt("half of a surrogate pair", post("/update-progress", progress(b'"\\ud800"')))
attempt("bytes that are no UTF-8", post("/update-progress", progress(b'"\xff"')))
attempt(
    "an unknown field",
    post("/update-progress", UPDATE | {"status": "completed", "__class__": "x"}),
)
attempt("NUL in an id", post("/update-progress", {"user_id": "maya", "lesson_id": "l\0", "status": "completed"}))
attempt(
    "a new line in an id", post("/update-progress", {"user_id": "maya", "lesson_id": "l1\n", "status": "completed"})
)
attempt("an id with `||`", post("/update-progress", {"user_id": "maya", "lesson_id": "a||b", "status": "completed"}))
attempt(
    "an XML body",
    lambda i: Raw(
        "POST",
        "/update-progress",
        [*i.bearer().items(), ("Content-Type", "application/xml")],
        b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
    ),
)
attempt("SQL in a search", get("/lessons?q=%27%20OR%201%3D1%20--"))
attempt("SQL in an order", get("/lessons?sort=title%3BDROP%20TABLE%20lessons"))
attempt("SQL in a cursor", get("/lessons?cursor=JyBPUiAxPTEgLS0"))
attempt("a path that leads out: `..%2f`", get("/lessons/..%2f..%2fetc%2fpasswd"))
attempt("a path that leads out: `/../`", get("/lessons/../../etc/passwd"))
attempt("a new line in a path", get("/lessons/l1%0d%0aSet-Cookie:%20x=y"))
attempt("a parameter twice", get("/status?user_id=maya&user_id=james"))
attempt("TRACE", get(MINE, method="TRACE"))
attempt(
    "a method to be overridden",
    lambda i: Raw("GET", "/update-progress", [*i.bearer().items(), ("X-HTTP-Method-Override", "POST")]),
)
attempt("a new line in a header", get(MINE, ("X-Forwarded-For", "1\n2")))
attempt("NUL in a header", get(MINE, ("X-Forwarded-For", "1\x002")))
attempt("a header of 1,000,000 bytes", get(MINE, ("X-More", "x" * 1_000_000)))
attempt(
    "an idempotency key of 300 characters",
    post("/generate-lesson", LESSON, Idempotency_Key="k" * 300),
)
attempt(
    "an idempotency key that looks like another learner's",
    post("/generate-lesson", LESSON, Idempotency_Key="k james:x"),
)
attempt("an Accept header of 5,000 parts", get(MINE, ("Accept", ",".join(["a/b;q=0.1"] * 5000))))
attempt(
    "`Content-Length` and chunks at once",
    lambda i: Raw(
        "POST",
        "/update-progress",
        [
            *i.bearer().items(),
            JSON,
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "4"),
        ],
        b"0\r\n\r\nGET /status?user_id=james HTTP/1.1\r\n\r\n",
        framed=False,
    ),
)
attempt(
    "another Host",
    lambda i: Raw(
        "POST",
        "/generate-lesson",
        [*i.bearer().items(), JSON],
        b'{"user_id": "maya", "topic": "for-loops"}',
        host="evil.example",
    ),
)
