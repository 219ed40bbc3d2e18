"""The files that are a function's own, from the templates.

They import more than they need, and have lines of any length: `staging` lays them out.
"""

from functions.scaffold import called, woken
from functions.scaffold.spec import Spec, Topic
from functions.scaffold.templating import filled


def own_files(spec: Spec) -> dict[str, str]:
    """By path in the project."""
    modules = called.modules(spec, spec.endpoint) if spec.endpoint else woken.modules(spec)
    files = {
        f"tests/unit/functions/test_{spec.folder}.py": modules.pop("unit"),
        f"tests/contract/test_{spec.folder}.py": modules.pop("contract"),
        f"functions/{spec.folder}/__init__.py": "",
        f"knative/base/{spec.name}.yaml": _service(spec),
    }
    files |= {f"functions/{spec.folder}/{name}": text for name, text in modules.items()}
    for topic in spec.takes:
        name = f"{topic.name}-{spec.name}"
        files[f"knative/base/sources/{name}.yaml"] = _source(spec, topic)
        files[f"components/subscription-{name}.yaml"] = filled("subscription.yaml", topic=topic.name, name=spec.name)
    if spec.every:
        source = filled("ping_source.yaml", name=spec.name, every=spec.every)
        files[f"knative/base/sources/ping-{spec.name}.yaml"] = source
    return files


def _service(spec: Spec) -> str:
    if spec.endpoint:
        return filled("http_service.yaml", name=spec.name, endpoint=spec.endpoint)
    if spec.every:
        by = f"A job that runs on a schedule (sources/ping-{spec.name}.yaml), one at a time."
        return filled("event_service.yaml", name=spec.name, by=by, scale=1, concurrency=1)
    if len(spec.takes) == 1:
        [topic] = spec.takes
        by = f"Event {topic.name}, from sources/{topic.name}-{spec.name}.yaml: at most one in flight a partition, and 6"
    else:
        *first, last = [topic.name for topic in spec.takes]
        by = f"Events {', '.join(first)} and {last}, from sources/*-{spec.name}.yaml: at most one in flight a partition"
        by += f",\n# and {len(spec.takes)} times 6"
    return filled("event_service.yaml", name=spec.name, by=f"{by} partitions.", scale=3, concurrency=20)


def _source(spec: Spec, topic: Topic) -> str:
    if len(spec.takes) == 1:
        group, why = f"{spec.name}-knative", f"not {spec.name}: with `dapr run` that one is daprd's"
    else:
        group = f"{spec.name}-{topic.name}-knative"
        why = "a group for each topic: one group of two sources would share out both"
    return filled("kafka_source.yaml", topic=topic.name, name=spec.name, group=group, why=why)
