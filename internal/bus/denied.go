package bus

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// ErrDenied says that the user of the connection may not do something. The server tells that beside the call, which itself is
// not answered.
var ErrDenied = errors.New("the NATS user may not do this")

// denials keep what the server has refused last.
type denials struct{ last atomic.Pointer[error] }

// note keeps an error that the client was told of, and reports whether it is a refusal.
func (d *denials) note(err error) bool {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return false
	}
	what := err.Error() // it ends with: Permissions Violation for Publish to "…"
	if _, subject, found := strings.Cut(what, "Violation for "); found {
		what = subject
	}
	denied := fmt.Errorf("%w: %s", ErrDenied, what)
	d.last.Store(&denied)
	return true
}

// Denied is what the server has refused last to the user of this connection, an [ErrDenied]; nil is nothing.
func (b *Bus) Denied() error {
	if err := b.denials.last.Load(); err != nil {
		return *err
	}
	return nil
}
