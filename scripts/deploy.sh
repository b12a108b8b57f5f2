#!/bin/sh
# Puts Squirrly, the Flink operator and the sample job on a local cluster of minikube or kind.
#
#   scripts/deploy.sh [minikube|kind]      default: whichever the current kubectl context belongs to
#
# OPENAI_API_KEY   when set, the analyzer uses it; otherwise the analysis is by rules
# CLUSTER          name of the minikube profile or kind cluster (minikube, kind)
# FLINK_NAMESPACE  where the sample job runs (flink)
set -eu

case ${1:-} in
-h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

OPERATOR_VERSION=1.15.0
VERSION=v0.1.0
IMAGE=ghcr.io/squirrly-dev/squirrly:$VERSION
JOB_IMAGE=ghcr.io/squirrly-dev/sample-job:$VERSION
FLINK_NAMESPACE=${FLINK_NAMESPACE:-flink}
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*" >&2; }
die() { printf 'deploy.sh: %s\n' "$*" >&2; exit 1; }
need() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null || die "$tool is needed and not on the PATH"
	done
}

kind_of_cluster() {
	case $(kubectl config current-context 2>/dev/null) in
	kind-*) echo kind ;;
	minikube*) echo minikube ;;
	*) die "the kubectl context is neither kind nor minikube: name one" ;;
	esac
}

load() {
	case $engine in
	kind) kind load docker-image --name "$CLUSTER" "$@" ;;
	minikube) for image in "$@"; do minikube -p "$CLUSTER" image load "$image"; done ;;
	esac
}

# secret NAMESPACE NAME KEY VALUE [KEY VALUE ...]: creates it unless it is there. Values travel by standard input.
secret() {
	namespace=$1 name=$2
	shift 2
	kubectl -n "$namespace" get secret "$name" >/dev/null 2>&1 && return
	{
		printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ndata:\n' "$name"
		while [ $# -gt 1 ]; do
			printf '  %s: %s\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\n')"
			shift 2
		done
	} | kubectl -n "$namespace" create -f -
}

random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

need kubectl helm docker
engine=${1:-$(kind_of_cluster)}
case $engine in
minikube | kind) need "$engine" ;;
*) die "usage: scripts/deploy.sh [minikube|kind]" ;;
esac
CLUSTER=${CLUSTER:-$engine}

say "building images"
docker build -t "$IMAGE" .
docker build -t "$JOB_IMAGE" --target sample-job .
load "$IMAGE" "$JOB_IMAGE"

say "installing the Flink operator $OPERATOR_VERSION"
kubectl create namespace "$FLINK_NAMESPACE" --dry-run=client -o yaml | kubectl apply -f -
helm upgrade --install flink-kubernetes-operator flink-kubernetes-operator \
	--repo "https://archive.apache.org/dist/flink/flink-kubernetes-operator-$OPERATOR_VERSION/" \
	--version "$OPERATOR_VERSION" --namespace flink-operator --create-namespace \
	--set webhook.create=false --set "watchNamespaces={$FLINK_NAMESPACE}" --wait --timeout 5m

say "installing Squirrly"
kubectl apply -f deploy/k8s/base/namespace.yaml
secret squirrly squirrly-store access-key squirrly secret-key "$(random)"
secret squirrly squirrly-http token "$(random)"
kubectl -n squirrly get secret squirrly-nats-accounts >/dev/null 2>&1 ||
	docker run --rm "$IMAGE" /usr/local/bin/squirrly nats-users --out /tmp/users --namespace squirrly --requester ci --manifest - |
	kubectl create -f -
scripts/upgrade.sh deploy/k8s/overlays/dev
if [ -n "${OPENAI_API_KEY:-}" ]; then
	secret squirrly squirrly-llm openai-api-key "$OPENAI_API_KEY"
	secret "$FLINK_NAMESPACE" squirrly-llm openai-api-key "$OPENAI_API_KEY"
	kubectl -n squirrly patch deployment analyzer --patch-file deploy/k8s/components/llm/analyzer.yaml
fi

say "starting the sample job"
kubectl -n "$FLINK_NAMESPACE" apply -f examples/flinkdeployment.yaml

say "waiting"
for service in trigger collector analyzer notifier; do
	kubectl -n squirrly rollout status "deployment/$service" --timeout=5m
done
kubectl -n "$FLINK_NAMESPACE" wait --for=jsonpath='{.status.jobStatus.state}'=RUNNING flinkdeployment/sample-job --timeout=5m

say "ready: ask for a profile with"
cat >&2 <<HELP
    kubectl -n squirrly port-forward service/nats 4222 &
    nats --user=ci --password="\$(kubectl -n squirrly get secret squirrly-nats-ci -o 'jsonpath={.data.password}' | base64 -d)" \\
      --inbox-prefix=_INBOX_ci req squirrly.v1.profile.requested \\
      '{"target":{"namespace":"$FLINK_NAMESPACE","deployment":"sample-job"}}'
    kubectl -n squirrly logs -f deployment/notifier
or, without any of the services,
    NAMESPACE=$FLINK_NAMESPACE scripts/run-profiler.sh
HELP
