// Command squirrly profiles Apache Flink jobs and says what holds them back.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"squirrly.dev/cmd/squirrly/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
