package local

import (
	"testing"

	"squirrly.dev/internal/daemon"
)

// Every variable of every service says what it is for, in the help of the service.
func TestConfig_SaysWhatVariablesAreFor(t *testing.T) {
	all := daemon.Abouts[config]()
	const least = 50
	if len(all) < least {
		t.Errorf("%d variables", len(all))
	}
	for name, about := range all {
		if about == "" {
			t.Errorf("%s has no tag about", name)
		}
	}
}
