"""Lessons: composed for a learner (`composing`), kept whole on the server, shown without their secrets (`showing`)."""
