#!/usr/bin/env bash
# What a Minikube needs before `skaffold dev`: Knative Serving and Eventing, Kourier, the Kafka source and sink, Dapr,
# Kafka, PostgreSQL, and the Secrets. Pinned; safe to run again. Needs minikube, kubectl and helm.
#   minikube start --cpus 4 --memory 8g && knative/setup-minikube.sh && skaffold dev
# Written from the projects' own installation steps; the project's tests check this file's syntax and the manifests that
# it applies, they do not run it.
set -euo pipefail
cd "$(dirname "$0")"
KNATIVE=knative-v1.23.0
KAFKA_SOURCE=knative-v1.22.0   # of eventing-kafka-broker, which has its own releases; they go with the minor before and after
DAPR=1.18.2

say() { printf '\n== %s\n' "$*"; }
release() { echo "https://github.com/$1/releases/download/${3:-$KNATIVE}/$2"; }
available() { kubectl -n "$1" wait --for=condition=Available deployment --all --timeout=300s; }
[ "$(kubectl config current-context)" = minikube ] || { echo "the current context is not minikube" >&2; exit 1; }

say "Knative Serving $KNATIVE, with Kourier as its ingress"
kubectl apply -f "$(release knative/serving serving-crds.yaml)"
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
kubectl apply -f "$(release knative/serving serving-core.yaml)"
kubectl apply -f "$(release knative-extensions/net-kourier kourier.yaml)"
kubectl -n knative-serving patch configmap config-network --type merge \
  -p '{"data":{"ingress-class":"kourier.ingress.networking.knative.dev"}}'
available knative-serving
# A host name for each service that leads to this Minikube (`minikube tunnel` gives Kourier its address): no DNS of one's own.
kubectl -n knative-serving patch configmap config-domain --type merge -p '{"data":{"127.0.0.1.sslip.io":""}}'

say "Knative Eventing, the Kafka source and sink"
kubectl apply -f "$(release knative/eventing eventing-crds.yaml)"
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
kubectl apply -f "$(release knative/eventing eventing-core.yaml)"
available knative-eventing
kubectl apply -f "$(release knative-extensions/eventing-kafka-broker eventing-kafka-controller.yaml "$KAFKA_SOURCE")"
kubectl apply -f "$(release knative-extensions/eventing-kafka-broker eventing-kafka-source.yaml "$KAFKA_SOURCE")"
kubectl apply -f "$(release knative-extensions/eventing-kafka-broker eventing-kafka-sink.yaml "$KAFKA_SOURCE")"
available knative-eventing

say "Dapr $DAPR: without actors and jobs, which nothing here uses"
helm upgrade --install dapr dapr --repo https://dapr.github.io/helm-charts/ --version "$DAPR" \
  --namespace dapr-system --create-namespace --wait --timeout 5m \
  --set global.scheduler.enabled=false --set global.actors.enabled=false \
  --set dapr_sidecar_injector.sidecarDropALLCapabilities=true

say "Kafka, its topics, PostgreSQL"
kubectl apply -f backing/namespace.yaml -f base/namespace.yaml
kubectl -n learnflow-data get secret postgres >/dev/null 2>&1 ||
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' |
  kubectl -n learnflow-data create secret generic postgres --from-file=password=/dev/stdin
kubectl apply -k backing
kubectl -n learnflow-data rollout status statefulset/kafka statefulset/postgres --timeout=300s
kubectl -n learnflow-data wait --for=condition=Complete job/topics --timeout=300s

say "Secrets"
password=$(kubectl -n learnflow-data get secret postgres -o jsonpath='{.data.password}' | base64 -d)
LEARNFLOW_POSTGRES="host=postgres.learnflow-data.svc.cluster.local port=5432 user=learnflow password=$password database=learnflow sslmode=disable" \
  ./create-secrets.sh learnflow

say "For `skaffold run -p minikube` (not for `skaffold dev`): the key of your tokens, as docs/quickstart.md has it"

say "Ready. In another terminal, and for as long as you call the functions: minikube tunnel"
