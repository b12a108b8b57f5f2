#!/bin/sh
# Profiles one Flink deployment by a Job of deploy/k8s/oneshot and shows the report.
#
#   scripts/run-profiler.sh [-o FILE | --inline]
#
#   -o FILE     write the report to FILE
#   --inline    print it (default)
#
# FLINK_DEPLOYMENT_NAME (sample-job), NAMESPACE (that of the kubectl context), PROFILER_TYPE, PROFILER_DURATION and
# API_PROVIDER are passed on; TIMEOUT is how many seconds to wait (1800). A language model is used when the namespace
# has the Secret squirrly-llm (deploy/k8s/secrets.example.yaml).
set -eu

usage() { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
die() { printf 'run-profiler.sh: %s\n' "$*" >&2; exit 1; }

out=
while [ $# -gt 0 ]; do
	case $1 in
	-o) [ $# -gt 1 ] || usage; out=$2; shift 2 ;;
	--inline) out=; shift ;;
	*) usage ;;
	esac
done
command -v kubectl >/dev/null || die "kubectl is needed and not on the PATH"
manifests=$(cd "$(dirname "$0")/../deploy/k8s/oneshot" && pwd)
namespace=${NAMESPACE:-$(kubectl config view --minify -o 'jsonpath={..namespace}')}
namespace=${namespace:-default}
job=squirrly-profile-$(date +%s)
k() { kubectl -n "$namespace" "$@"; }

# Everything but the Job that stands there, then a Job of our own from the CronJob's template.
k apply -k "$manifests" -l 'app.kubernetes.io/component!=run' >&2
set -- "FLINK_DEPLOYMENT_NAME=${FLINK_DEPLOYMENT_NAME:-sample-job}"
[ -z "${PROFILER_TYPE:-}" ] || set -- "$@" "PROFILER_TYPE=$PROFILER_TYPE"
[ -z "${PROFILER_DURATION:-}" ] || set -- "$@" "PROFILER_DURATION=$PROFILER_DURATION"
[ -z "${API_PROVIDER:-}" ] || set -- "$@" "API_PROVIDER=$API_PROVIDER"
k create job "$job" --from=cronjob/squirrly-profile --dry-run=client -o yaml |
	kubectl set env --local -f - -o yaml "$@" | k create -f - >&2

deadline=$(($(date +%s) + ${TIMEOUT:-1800}))
while :; do
	case $(k get job "$job" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}') in
	*Failed*)
		k logs "job/$job" >&2 || true
		die "$job failed"
		;;
	*Complete*) break ;;
	esac
	[ "$(date +%s)" -lt "$deadline" ] || die "$job is not done yet; see: kubectl -n $namespace logs -f job/$job"
	sleep 2
done
if [ -z "$out" ]; then
	k logs "job/$job"
else
	k logs "job/$job" >"$out.part.$$" && mv "$out.part.$$" "$out"
	printf 'report of %s: %s\n' "$job" "$out" >&2
fi
