"""What asking the curriculum can fail with; callers turn these into a 404 or a refusal."""


class UnknownTopic(LookupError):
    """The course has no topic of this id."""


class UnknownModule(LookupError):
    """The course has no module of this slug or title."""


class NoContent(LookupError):
    """The topic is in the course, but no lesson material has been written for it yet."""
