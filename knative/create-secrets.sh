#!/usr/bin/env bash
# create-secrets.sh NAMESPACE: the Secrets that the functions name. Safe to run again: what is not given stays.
#   LEARNFLOW_POSTGRES      connection string, "host=… port=5432 user=… password=… database=learnflow"; needed the first time
#   LEARNFLOW_DAPR_TOKEN    the token between a function and its sidecar; made up when there is none yet
#   LEARNFLOW_MODEL_KEY     the key of a language model's provider; only where there is one (docs/model.md)
# Running functions keep what they started with until their next revision or cold start.
set -euo pipefail
namespace=${1:?usage: create-secrets.sh NAMESPACE}

exists() { kubectl -n "$namespace" get secret "$1" >/dev/null 2>&1; }
# put NAME KEY: the value comes on standard input, so that it never is an argument that `ps` shows
put() {
  kubectl -n "$namespace" create secret generic "$1" --from-file="$2=/dev/stdin" --dry-run=client -o yaml |
    kubectl apply -f - >/dev/null
  echo "secret/$1 in $namespace"
}

if [ -n "${LEARNFLOW_POSTGRES:-}" ]; then
  printf %s "$LEARNFLOW_POSTGRES" | put learnflow-postgres connectionString
elif ! exists learnflow-postgres; then
  echo "LEARNFLOW_POSTGRES is not set, and $namespace has no Secret learnflow-postgres" >&2
  exit 1
fi
if [ -n "${LEARNFLOW_DAPR_TOKEN:-}" ]; then
  printf %s "$LEARNFLOW_DAPR_TOKEN" | put dapr-api-token token
elif ! exists dapr-api-token; then
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' | put dapr-api-token token
fi
if [ -n "${LEARNFLOW_MODEL_KEY:-}" ]; then
  printf %s "$LEARNFLOW_MODEL_KEY" | put learnflow-model key
fi
