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
	// After the first signal the default handling comes back, so that the second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	os.Exit(code)
}
