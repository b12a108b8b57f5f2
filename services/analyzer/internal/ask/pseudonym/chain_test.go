package pseudonym_test

import (
	"testing"

	"squirrly.dev/services/analyzer/internal/ask/pseudonym"
)

// TestChain masks what is the user's in names of vertices and operators, the same in all of them, and puts it back.
func TestChain(t *testing.T) {
	m := pseudonym.New()
	m.Keep("StreamMap")
	user := m.Frame("com.shop.PriceFunction.map")
	for _, c := range []struct{ name, want string }{
		{"Source: orders[1] -> Calc[2]", "Source: name1[1] -> Calc[2]"},
		{"Source: orders[1]", "Source: name1[1]"},
		{"GroupAggregate[3]", "GroupAggregate[3]"},
		{"LocalWindowAggregate[4] or GlobalWindowAggregate[6]", "LocalWindowAggregate[4] or GlobalWindowAggregate[6]"},
		{"Join[10] -> Calc[11] -> nightly report[12]: Writer", "Join[10] -> Calc[11] -> name2[12]: Writer"},
		{"nightly report[12]: Writer", "name2[12]: Writer"},
		{"network, mailbox, checkpoint", "network, mailbox, checkpoint"},
		{"threads beside the tasks", "threads beside the tasks"},
		{"StreamMap (PriceFunction)", "StreamMap (" + user[:len(user)-len(".m1")] + ")"},
		{"score", "name3"},
	} {
		got := m.Chain(c.name)
		if got != c.want {
			t.Errorf("Chain(%q) = %q, want %q", c.name, got, c.want)
		}
		if back := m.Unmask(got); back != c.name && c.name != "StreamMap (PriceFunction)" { // a class comes back with its package
			t.Errorf("Unmask(%q) = %q, want %q", got, back, c.name)
		}
	}
	if got := m.Text("orders per second of Source: orders[1], nightly report and score"); got != "orders per second of Source: name1[1], name2 and name3" {
		t.Errorf("a text: %q", got)
	}
}
