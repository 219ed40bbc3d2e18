#!/usr/bin/env bash
# The dead letters of a cluster, from a pod in it, since Kafka need not be reachable from outside:
#   knative/dead-letters.sh list
#   knative/dead-letters.sh show --id ID
#   knative/dead-letters.sh replay --all
# Its arguments are those of `learnflow dead-letters`; NAMESPACE is learnflow if not set.
set -euo pipefail
namespace=${NAMESPACE:-learnflow}
name=dead-letters-$(od -An -N4 -tx1 /dev/urandom | tr -d ' ')
# the image that is deployed: its tag is skaffold's
image=$(kubectl -n "$namespace" get ksvc relay-events -o jsonpath='{.spec.template.spec.containers[0].image}')
servers=$(kubectl -n "$namespace" get configmap learnflow-kafka -o jsonpath='{.data.bootstrapServers}')
locked='{"runAsNonRoot": true, "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
  "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}'
overrides='{"spec": {"serviceAccountName": "learnflow", "automountServiceAccountToken": false,
  "volumes": [{"name": "auth", "secret": {"secretName": "learnflow-kafka-auth", "optional": true}}],
  "containers": [{"name": "'$name'", "securityContext": '$locked',
    "env": [{"name": "LEARNFLOW_KAFKA_AUTH", "value": "/etc/kafka-auth"}],
    "volumeMounts": [{"name": "auth", "mountPath": "/etc/kafka-auth", "readOnly": true}],
    "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}}]}}'
trap 'kubectl -n "$namespace" delete pod "$name" --ignore-not-found --wait=false >/dev/null' EXIT
kubectl -n "$namespace" run "$name" --image "$image" --image-pull-policy IfNotPresent --restart Never --quiet \
  --labels app.kubernetes.io/part-of=learnflow,app.kubernetes.io/component=dead-letters \
  --override-type strategic --overrides "$overrides" --command -- \
  python -m functions.dead_letters "$@" --bootstrap-servers "$servers" >/dev/null
# Its log, not `--attach`: what a quick command wrote before kubectl is attached would be lost.
ended='{.status.containerStatuses[0].state.terminated.exitCode}'
kubectl -n "$namespace" wait pod "$name" --for=jsonpath="$ended" --timeout=150s >/dev/null
kubectl -n "$namespace" logs "$name"
exit "$(kubectl -n "$namespace" get pod "$name" -o jsonpath="$ended")"
