#!/bin/sh
# Applies an overlay, for the first time or again with another image or configuration.
#
#   scripts/upgrade.sh OVERLAY         for example deploy/k8s/overlays/dev
#
# The Job that creates streams and buckets cannot be changed, so it is deleted and runs anew before this ends.
# What it has created stays. TIMEOUT is how long each wait may take (5m).
set -eu

[ $# -eq 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v kubectl >/dev/null || { echo "upgrade.sh: kubectl is needed and not on the PATH" >&2; exit 1; }
kubectl kustomize "$1" >/dev/null # a mistake in it deletes nothing
kubectl -n squirrly delete job provision --ignore-not-found
kubectl apply -k "$1"
kubectl -n squirrly wait --for=condition=complete job/provision --timeout="${TIMEOUT:-5m}"
for service in trigger collector analyzer notifier; do
	kubectl -n squirrly rollout status "deployment/$service" --timeout="${TIMEOUT:-5m}"
done
