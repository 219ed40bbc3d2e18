"""The cluster as a place where faults happen."""

import pytest

from tests.support.cluster import ClusterBackend
from tests.support.cluster_faults import Cluster


@pytest.fixture
def place(cluster: ClusterBackend) -> Cluster:
    return Cluster(cluster)
