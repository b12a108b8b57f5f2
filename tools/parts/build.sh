#!/bin/sh
# Builds the real servers that the tests and demos run against into
# .cache/parts/<name>-<version>/<name>; what is already there stays.
#
#   tools/parts/build.sh            every part
#   tools/parts/build.sh minio      only the named ones: etcd kube-apiserver kubectl minio nats nats-server versitygw
#
# Each part is pinned by a module of its own (kube, etcd, minio, nats, nats-server, versitygw
# beside this file), so that the requirements of one never lift those of another or of Squirrly.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export GOWORK=off CGO_ENABLED=0 GOFLAGS=-buildvcs=false

# part NAME FOLDER MODULE PACKAGE [LDFLAGS]; @ in LDFLAGS stands for the version.
part() {
	version=$(awk -v m="$3" '$1 == m && $2 ~ /^v/ {print $2}' "$here/$2/go.mod")
	[ -n "$version" ] || { echo "tools/parts/$2/go.mod does not require $3" >&2; exit 1; }
	dir=$root/.cache/parts/$1-$version
	if [ -x "$dir/$1" ]; then
		return
	fi
	mkdir -p "$dir"
	echo "building $1 $version" >&2
	started=$(date +%s)
	flags=$(printf '%s' "-s -w ${5:-}" | sed "s/@/$version/g")
	nice -n 10 go -C "$here/$2" build -p 2 -trimpath -ldflags "$flags" -o "$dir/.$1.$$" "$4"
	mv "$dir/.$1.$$" "$dir/$1"
	echo "built $1 $version in $(($(date +%s) - started)) s" >&2
}

build() {
	v=k8s.io/component-base/version
	case $1 in
	etcd) part etcd etcd go.etcd.io/etcd/server/v3 go.etcd.io/etcd/server/v3 ;;
	kube-apiserver) part kube-apiserver kube k8s.io/kubernetes k8s.io/kubernetes/cmd/kube-apiserver \
		"-X $v.gitVersion=@ -X $v.gitMajor=1 -X $v.gitMinor=37" ;;
	kubectl) part kubectl kube k8s.io/kubernetes k8s.io/kubernetes/cmd/kubectl \
		"-X $v.gitVersion=@ -X $v.gitMajor=1 -X $v.gitMinor=37" ;;
	minio) part minio minio github.com/minio/minio github.com/minio/minio ;;
	nats) part nats nats github.com/nats-io/natscli github.com/nats-io/natscli/nats "-X main.version=@" ;;
	nats-server) part nats-server nats-server github.com/nats-io/nats-server/v2 github.com/nats-io/nats-server/v2 ;;
	versitygw) part versitygw versitygw github.com/versity/versitygw github.com/versity/versitygw/cmd/versitygw ;;
	*) echo "unknown part $1: etcd kube-apiserver kubectl minio nats nats-server versitygw" >&2; exit 2 ;;
	esac
}

[ $# -gt 0 ] || set -- etcd minio nats nats-server versitygw kube-apiserver kubectl
for name in "$@"; do
	build "$name"
done
