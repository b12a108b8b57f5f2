# syntax=docker/dockerfile:1.19.0
# One image for every process; the command chooses the binary:
#
#   docker build -t ghcr.io/squirrly-dev/squirrly:v0.1.0 .
#   docker build -t ghcr.io/squirrly-dev/sample-job:v0.1.0 --target sample-job .

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS build
ARG TARGETOS TARGETARCH VERSION=v0.1.0
ENV GOWORK=off CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS=-buildvcs=false
WORKDIR /src
COPY pkg pkg
COPY internal internal
COPY services services
COPY cmd cmd
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build <<SH
set -eu
mkdir /out
for service in trigger collector analyzer notifier; do
  go -C services/$service build -trimpath -ldflags "-s -w -X squirrly.dev/internal/daemon.version=$VERSION" -o /out/ ./cmd/$service
done
go -C cmd/squirrly build -trimpath -ldflags "-s -w -X squirrly.dev/internal/daemon.version=$VERSION" -o /out/ .
SH

# The Flink job of the demo, for docker-compose.yml and examples/flinkdeployment.yaml.
FROM maven:3.9.9-eclipse-temurin-17 AS sample-job-build
WORKDIR /src
COPY examples/sample-job .
RUN --mount=type=cache,target=/root/.m2 mvn -q -B package

FROM flink:1.20.5-scala_2.12-java17 AS sample-job
COPY --from=sample-job-build /src/target/sample-job.jar /opt/flink/usrlib/sample-job.jar
USER 9999:9999

FROM gcr.io/distroless/static-debian13:nonroot@sha256:f7f8f729987ad0fdf6b05eeeae94b26e6a0f613bdf46feea7fc40f7bd72953e6
COPY --from=build /out/ /usr/local/bin/
USER 65532:65532
CMD ["/usr/local/bin/squirrly", "version"]
