package daemon

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// checkTimeout bounds one readiness check; the probes of Kubernetes should wait longer.
const checkTimeout = 3 * time.Second

// For how long the outcome of a check counts, so that whoever asks often costs nothing: an end of a failure is seen soon.
const (
	freshWell = 5 * time.Second
	freshIll  = time.Second
)

// check is a named condition of readiness.
type check struct {
	name string
	test func(context.Context) error

	mu   sync.Mutex
	last error
	till time.Time // for which last counts
}

// AddCheck makes readiness depend on test. Its error is shown to whoever may reach the admin server, so it must hold
// no secret. It is called at most once a second, and not for five after it held. A check that a service cannot work
// without belongs here; what it can wait for does not.
func (d *Daemon) AddCheck(name string, test func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks = append(d.checks, &check{name: name, test: test})
}

// run returns what the check says, or has said just before.
func (c *check) run(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.till) {
		return c.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout) // others are told of it too
	defer cancel()
	fresh := freshWell
	if c.last = c.test(ctx); c.last != nil {
		fresh = freshIll
	}
	c.till = time.Now().Add(fresh)
	return c.last
}

// readyz answers 200 when every check holds, else 503 with those that do not and why.
func (d *Daemon) readyz(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	checks := slices.Clone(d.checks)
	d.mu.Unlock()
	names, errs := []string{"draining"}, []error{d.notDraining()}
	for i, err := range runChecks(r.Context(), checks) {
		names, errs = append(names, checks[i].name), append(errs, err)
	}
	var each strings.Builder
	var failed []string
	for i, name := range names {
		if errs[i] == nil {
			fmt.Fprintf(&each, "[+] %s\n", name)
			continue
		}
		failed = append(failed, name+": "+errs[i].Error())
		fmt.Fprintf(&each, "[-] %s: %s\n", name, errs[i])
	}
	code, text := http.StatusOK, "ok\n"
	if len(failed) > 0 {
		code, text = http.StatusServiceUnavailable, "not ready: "+strings.Join(failed, "; ")+"\n"
	}
	if r.URL.Query().Has("verbose") {
		text = each.String() + text
	}
	writeText(w, code, text)
}

// runChecks runs all checks at the same time and returns their errors in order.
func runChecks(ctx context.Context, checks []*check) []error {
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { errs[i] = c.run(ctx) })
	}
	all.Wait()
	return errs
}

func (d *Daemon) notDraining() error {
	if d.draining.Load() {
		return fmt.Errorf("%s is shutting down", d.name)
	}
	return nil
}
