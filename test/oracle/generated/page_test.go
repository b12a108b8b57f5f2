package generated_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"squirrly.dev/test/oracle"
	"squirrly.dev/test/oracle/generated"
)

// Both dialects of a page hold the same stacks, and all of them.
func TestPages(t *testing.T) {
	for seed := range uint64(5) {
		stacks := generated.Stacks(seed, 400)
		want := map[string]int64{}
		recursion := 0
		for stack, n := range stacks {
			var names []string
			for name := range strings.SplitSeq(stack, ";") {
				names = append(names, oracle.Canonical(name))
			}
			want[strings.Join(names, ";")] += n
			if strings.Count(stack, "com/acme/Walk.visit") > 1 {
				recursion++
			}
		}
		if len(stacks) < 50 || recursion == 0 {
			t.Fatalf("seed %d: %d stacks, %d of them with recursion", seed, len(stacks), recursion)
		}
		for dialect, page := range map[string]string{
			"older": generated.Older("CPU profile", stacks), "newer": generated.Newer("CPU profile", stacks),
		} {
			p, err := oracle.ParsePage(page)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int64{}
			for _, s := range p.Stacks {
				var names []string
				for _, f := range s.Frames {
					names = append(names, f.Name)
				}
				got[strings.Join(names, ";")] += s.N
			}
			if !maps.Equal(got, want) {
				t.Errorf("seed %d, %s: %s", seed, dialect, difference(got, want))
			}
		}
	}
}

func difference(got, want map[string]int64) string {
	for stack, n := range want {
		if got[stack] != n {
			return fmt.Sprintf("%d instead of %d of %s", got[stack], n, stack)
		}
	}
	return "stacks that nobody made"
}
