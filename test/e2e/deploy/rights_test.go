package deploy_test

import (
	"testing"

	"squirrly.dev/services/trigger"
)

// What `squirrly doctor` says of the rights is what the API server grants: all of them to the trigger as it is shipped, and
// those that are missing to another account.
func TestRights_AsShipped(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for account, want := range map[string]int{"trigger": 4, "collector": 0} {
		l.account.Store(account)
		r, err := trigger.RightsIn(t.Context(), trigger.Config{Kubeconfig: l.kubeconfig}, "")
		if err != nil {
			t.Fatal(err)
		}
		allowed := 0
		for _, n := range r.Needed {
			if n.Allowed {
				allowed++
			}
		}
		if r.Cluster != "test" || !r.Operator || len(r.Needed) != 4 || allowed != want {
			t.Errorf("%s: %+v", account, r)
		}
	}
}
