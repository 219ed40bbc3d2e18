"""The modules and tests of a function that is called."""

from functions.scaffold.spec import Endpoint, Spec
from functions.scaffold.templating import filled, listed, names_of, published

REPLAYED = '{"Idempotency-Replayed": "`true` when this key was answered before"}'
PUBLISHING = f'errors=(409,), headers=("idempotency_key",), answer_headers={REPLAYED}'


def modules(spec: Spec, endpoint: Endpoint) -> dict[str, str]:
    """By file name; `unit` and `contract` are its tests."""
    model = "".join(part.capitalize() for part in spec.folder.split("_"))
    common = {
        **names_of(spec),
        "endpoint": str(endpoint),
        "Model": model,
        "method": endpoint.method,
        "path": endpoint.path,
        "answer": f"{model}Answer" if _answers(endpoint) else "None, 204",
    }
    return {
        "main.py": filled("http_main.py", **common, rest=f", {PUBLISHING}" if spec.publishes else ""),
        "models.py": _models(endpoint, common),
        "handler.py": _handler(spec, endpoint, common),
        "unit": _unit(spec, endpoint, common),
        "contract": _contract(endpoint, common),
    }


def _answers(endpoint: Endpoint) -> bool:
    return endpoint.method != "DELETE"


def _in_path(endpoint: Endpoint) -> bool:
    """Whether the learner is named there, and not in the query or the body."""
    return "user_id" in endpoint.parameters


def _others(endpoint: Endpoint) -> list[str]:
    return [name for name in endpoint.parameters if name != "user_id"]


def _models(endpoint: Endpoint, common: dict[str, str]) -> str:
    fields = "" if _in_path(endpoint) else "    user_id: Id"
    text = filled("http_models.py", **common, part="body" if endpoint.has_body else "query", fields=fields)
    if not _answers(endpoint):
        return text
    told = "\n".join(f"    {name}: str" for name in ("user_id", *_others(endpoint)))
    return text + filled("http_answer.py", **common, fields=told)


def _handler(spec: Spec, endpoint: Endpoint, common: dict[str, str]) -> str:
    user = "user_id" if _in_path(endpoint) else "request.user_id"
    told = ", ".join([f"user_id={user}", *(f"{name}={name}" for name in _others(endpoint))])
    ids = _others(endpoint)
    about = ids[0] if len(ids) == 1 else f'f"{" ".join(f"{{{name}}}" for name in ids)}"'
    events = [published(topic, user=user, now="call.now", facts=f"{user}, key") for topic in spec.publishes]
    return filled(
        "http_publishing_handler.py" if events else "http_handler.py",
        **common,
        Summary=spec.folder.replace("_", " ").capitalize(),
        user=user,
        parameters="".join(f", {name}: str" for name in endpoint.parameters),
        reply=f"Reply({common['answer']}({told}))" if _answers(endpoint) else "Reply(None, 204)",
        published=", ".join(topic.event for topic in spec.publishes),
        events="".join(events),
        about=f", {about}" if ids else "",
    )


def _unit(spec: Spec, endpoint: Endpoint, common: dict[str, str]) -> str:
    def asked(user: str) -> dict[str, str]:
        ids = [user if name == "user_id" else "one" for name in endpoint.parameters]
        fields = "" if _in_path(endpoint) else f'user_id="{user}"'
        return {f"of_{user}": fields, f"ids_{user}": "".join(f', "{each}"' for each in ids)}

    told = ", ".join(['user_id="maya"', *(f'{name}="one"' for name in _others(endpoint))])
    values = {
        **common,
        **asked("maya"),
        **asked("james"),
        "expected": f"Reply({common['answer']}({told}))" if _answers(endpoint) else "Reply(None, 204)",
    }
    text = filled("http_unit_test.py", **values)
    if not spec.publishes:
        return text
    return text + filled(
        "http_publishing_test.py", **values, topics=listed(spec.publishes), number=str(len(spec.publishes))
    )


def _contract(endpoint: Endpoint, common: dict[str, str]) -> str:
    url = endpoint.path.replace("{user_id}", "{user}")
    for name in _others(endpoint):
        url = url.replace(f"{{{name}}}", "one")
    asked = {} if _in_path(endpoint) else {"user_id": "user"}
    how = "json" if endpoint.has_body else "params"

    def options(fields: dict[str, str]) -> str:
        return f", {how}={_object(fields)}" if fields or endpoint.has_body else ""

    told = _object({"user_id": "user", **dict.fromkeys(_others(endpoint), '"one"')})
    return filled(
        "http_contract_test.py",
        **common,
        url=url,
        options=options(asked),
        wrong_options=options(asked | {"mood": '"good"'}),
        seen=f"(answer.status_code, answer.json()) == (200, {told})"
        if _answers(endpoint)
        else "answer.status_code == 204",
    )


def _object(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"
