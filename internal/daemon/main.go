package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/caarlos0/env/v11"
)

// Exit codes of a process.
const (
	ExitOK     = 0 // it was asked to end, or had nothing more to do
	ExitFailed = 1 // it could not go on, or did not end in time
	ExitConfig = 2 // its configuration is wrong; nothing was started
)

// defaultAdminAddr is where a service answers probes when SQUIRRLY_ADMIN_ADDR is not set.
const defaultAdminAddr = ":8090"

// Main runs a service and exits: it loads C from the environment ([Load]), prepares the process ([New]), and calls run
// with a context that ends at SIGINT or SIGTERM. A second signal ends the process at once. The arguments --version
// and --help are understood.
func Main[C any](name string, run func(ctx context.Context, d *Daemon, cfg C) error) {
	if len(os.Args) > 1 {
		os.Exit(answer[C](os.Stdout, name, os.Args[1]))
	}
	// After the first signal the default handling comes back, so that the second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, name, os.Environ(), os.Stderr, run))
}

// execute is Main without the process around it.
func execute[C any](
	ctx context.Context, name string, environ []string, stderr io.Writer, run func(context.Context, *Daemon, C) error,
) int {
	cfg, err := Load[C](environ)
	options, optionsErr := Load[Options](environ)
	if err := errors.Join(err, optionsErr); err != nil {
		_, _ = fmt.Fprintf(stderr, "squirrly-%s: %v\n", name, err) // nowhere else to say it
		return ExitConfig
	}
	if _, set := toMap(environ)[Prefix+"ADMIN_ADDR"]; !set {
		options.AdminAddr = defaultAdminAddr
	}
	options.LogOutput = stderr
	d, err := New(ctx, name, options)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "squirrly-%s: %v\n", name, err) // nowhere else to say it
		return ExitFailed
	}
	d.Logger.InfoContext(ctx, "start", "version", Version())
	for _, name := range Readable[C](environ) {
		d.Logger.WarnContext(ctx, "everybody on this machine may read the file of a secret: mode 0440 or 0400 keeps it", "variable", name)
	}
	code := d.supervise(ctx, options.ShutdownTimeout, func(ctx context.Context) error { return run(ctx, d, cfg) })
	if err := d.Close(ctx); err != nil {
		d.Logger.WarnContext(ctx, "end", "error", err)
	}
	return code
}

// supervise calls run, and waits for it no longer than timeout once ctx has ended.
func (d *Daemon) supervise(ctx context.Context, timeout time.Duration, run func(context.Context) error) int {
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	select {
	case err := <-done:
		return d.outcome(ctx, err)
	case <-ctx.Done():
	}
	d.Drain()
	d.Logger.InfoContext(ctx, "shutting down", "timeout", timeout.String())
	select {
	case err := <-done:
		return d.outcome(ctx, err)
	case <-time.After(timeout):
		d.Logger.ErrorContext(ctx, "did not end in time", "timeout", timeout.String())
		return ExitFailed
	}
}

func (d *Daemon) outcome(ctx context.Context, err error) int {
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		d.Logger.InfoContext(ctx, "end")
		return ExitOK
	}
	d.Logger.ErrorContext(ctx, "end", "error", err)
	return ExitFailed
}

// answer tells what this program is, and which variables it reads.
func answer[C any](w io.Writer, name, arg string) int {
	if arg == "--version" || arg == "version" {
		_, _ = fmt.Fprintf(w, "squirrly-%s %s\n", name, Version()) // nowhere else to say it
		return ExitOK
	}
	_, _ = fmt.Fprintf(w, "squirrly-%s %s\n\nIt is configured by its environment:\n", name, Version())
	printVariables[C](w)
	printVariables[Options](w)
	if arg == "--help" || arg == "-h" || arg == "help" {
		return ExitOK
	}
	return ExitConfig
}

func printVariables[C any](w io.Writer) {
	var cfg C
	params, err := env.GetFieldParamsWithOptions(&cfg, options(map[string]string{}))
	if err != nil {
		_, _ = fmt.Fprintln(w, err)
		return
	}
	about := Abouts[C]()
	for _, p := range params {
		note := about[p.Key]
		switch {
		case p.HasDefaultValue && p.DefaultValue != "":
			note += " (default " + p.DefaultValue + ")"
		case p.Required || p.NotEmpty:
			note += " (required)"
		}
		_, _ = fmt.Fprintf(w, "  %-36s %s\n", p.Key, strings.TrimSpace(note))
	}
}

// Abouts is what each variable of a configuration is for, by its name: the tag about of its field.
func Abouts[C any]() map[string]string {
	all := map[string]string{}
	abouts(reflect.TypeFor[C](), Prefix, all)
	return all
}

func abouts(t reflect.Type, prefix string, into map[string]string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case name != "" && name != "-":
			into[prefix+name] = f.Tag.Get("about")
		case f.Type.Kind() == reflect.Struct && name != "-":
			abouts(f.Type, prefix+f.Tag.Get("envPrefix"), into)
		}
	}
}
