package daemon

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// checkTimeout bounds one readiness check; the probes of Kubernetes should wait longer.
const checkTimeout = 3 * time.Second

// check is a named condition of readiness.
type check struct {
	name string
	test func(context.Context) error
}

// AddCheck makes readiness depend on test. Its error is shown to whoever may reach the admin server, so it must hold
// no secret. A check that a service cannot work without belongs here; what it can wait for does not.
func (d *Daemon) AddCheck(name string, test func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks = append(d.checks, check{name, test})
}

// readyz answers 200 when every check holds, else 503 with the names of those that do not.
func (d *Daemon) readyz(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	checks := append([]check{{"draining", d.notDraining}}, d.checks...)
	d.mu.Unlock()
	errs := runChecks(r.Context(), checks)
	var each strings.Builder
	var failed []string
	for i, c := range checks {
		if errs[i] == nil {
			fmt.Fprintf(&each, "[+] %s\n", c.name)
			continue
		}
		failed = append(failed, c.name)
		fmt.Fprintf(&each, "[-] %s: %s\n", c.name, errs[i])
	}
	code, text := http.StatusOK, "ok\n"
	if len(failed) > 0 {
		code, text = http.StatusServiceUnavailable, "not ready: "+strings.Join(failed, ", ")+"\n"
	}
	if r.URL.Query().Has("verbose") {
		text = each.String() + text
	}
	writeText(w, code, text)
}

// runChecks runs all checks at the same time and returns their errors in order.
func runChecks(ctx context.Context, checks []check) []error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { errs[i] = c.test(ctx) })
	}
	all.Wait()
	return errs
}

func (d *Daemon) notDraining(context.Context) error {
	if d.draining.Load() {
		return fmt.Errorf("%s is shutting down", d.name)
	}
	return nil
}
