#!/usr/bin/env bash
# Makes the read model anew from the documents, by a Job, while the functions go on: knative/rebuild.sh [NAMESPACE]
set -euo pipefail
namespace=${1:-learnflow}
here=$(cd "$(dirname "$0")" && pwd)
# the image that is deployed: its tag is skaffold's
image=$(kubectl -n "$namespace" get ksvc project-progress -o jsonpath='{.spec.template.spec.containers[0].image}')
job=$(sed "s#dev.local/project-progress:dev#$image#" "$here/jobs/rebuild.yaml" |
  kubectl -n "$namespace" create -o name -f -)
while [ "$(kubectl -n "$namespace" get "$job" -o jsonpath='{.status.succeeded}{.status.failed}')" = "" ]; do sleep 1; done
kubectl -n "$namespace" logs "$job" -c rebuild
kubectl -n "$namespace" wait "$job" --for=condition=Complete --timeout=1s
