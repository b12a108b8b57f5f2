package check_test

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
)

const (
	phantom  = "com.acme.Phantom.map"
	source   = "SourceStreamTask$LegacySourceFunctionThread.run" // another thread
	rank     = "AppendOnlyTopNFunction.processElement"
	state    = "RocksDBMapState$RocksDBMapIterator.loadCache" // below it
	compiler = "CompileBroker::compiler_thread_loop()"        // a thread of the JVM
	next     = "RocksIterator.next0"                          // below that, a part of it

	// Stand for facts of the recording.
	elsewhere = "elsewhere" // none of its samples lie in the operator
	small     = "small"     // a line of a call tree
	large     = "large"     // another one of the same mode, with more samples
)

// lies turn a claim that is supported into one that is not: by its own parts, or by what it rests on.
var lies = map[string]func(c *claim.Claim){
	"an operator that does not exist":        func(c *claim.Claim) { c.Operator = "O99" },
	"a name for an operator":                 func(c *claim.Claim) { c.Operator = phantom },
	"a mechanism that does not exist":        func(c *claim.Claim) { c.Mechanism = "Z99" },
	"a mechanism that is not possible":       func(c *claim.Claim) { c.Mechanism = "A1" },
	"a share that does not exist":            func(c *claim.Claim) { c.Share = "F999" },
	"no share":                               func(c *claim.Claim) { c.Share = "" },
	"a frame for a share":                    func(c *claim.Claim) { c.Share = phantom },
	"a share of another vertex":              func(c *claim.Claim) { c.Share = "V1" },
	"a share of another thread":              func(c *claim.Claim) { c.Share = elsewhere },
	"the part is the whole":                  because(claim.PartOf, rank, next),
	"part of a fact that does not exist":     because(claim.PartOf, rank, "T9999"),
	"part of a frame that does not exist":    because(claim.PartOf, rank, phantom),
	"part of another thread":                 because(claim.PartOf, source, rank),
	"called by another thread":               because(claim.CalledBy, state, source),
	"called by what only compiles":           because(claim.CalledBy, state, compiler),
	"the callee calls":                       because(claim.CalledBy, rank, state),
	"called by a frame that does not exist":  because(claim.CalledBy, rank, phantom),
	"what does not exist is called":          because(claim.CalledBy, phantom, source),
	"the smaller is the larger":              because(claim.LargerThan, small, large),
	"larger than itself":                     because(claim.LargerThan, large, large),
	"larger than nothing that exists":        because(claim.LargerThan, large, "F999"),
	"records go upwards":                     because(claim.Feeds, "V2", "V1"),
	"records go in a circle":                 because(claim.Feeds, "V1", "V1"),
	"records go to a vertex of no plan":      because(claim.Feeds, "V1", "V99"),
	"it waits for what feeds it":             because(claim.WaitsFor, "V2", "V1"),
	"it waits for itself":                    because(claim.WaitsFor, "V2", "V2"),
	"it waits for what does not exist":       because(claim.WaitsFor, "V1", "O99"),
	"the largest is absent":                  because(claim.Absent, rank, ""),
	"a mechanism that is not one is absent":  because(claim.Absent, "rule Z99", ""),
	"a key that does not exist is set":       because(claim.Configured, "taskmanager.phantom.enabled", "true"),
	"a relation that does not exist":         because("causes", "V1", "V2"),
	"a cause of one's own for what is known": func(c *claim.Claim) { c.Mechanism, c.Share = claim.Other, "K1" },
}

func because(kind claim.Kind, a, b string) func(*claim.Claim) {
	return func(c *claim.Claim) { c.Because = []claim.Relation{relation(kind, a, b)} }
}

// facts are what the lies name by words.
func (r run) facts(t *testing.T, operator string) *strings.Replacer {
	t.Helper()
	named := map[string]string{}
	for _, f := range r.analysis.Evidence {
		if in, all, ok := r.ground.Within(f, operator); ok && in == 0 && all > 0 {
			named[elsewhere] = f.ID
		}
		if f.ID[0] != 'T' || f.Mode != events.ModeWall {
			continue
		}
		if f.Value > 0.4 {
			named[large] = f.ID
		} else if f.Value < 0.1 {
			named[small] = f.ID
		}
	}
	if len(named) != 3 {
		t.Fatalf("facts of the recording: %v", named)
	}
	return strings.NewReplacer(elsewhere, named[elsewhere], small, named[small], large, named[large])
}

// TestLies: of each kind of lie within the schema, nothing is a finding, and nothing of it is in a sentence.
func TestLies(t *testing.T) {
	r, c := opened(t, "sql-rank", "F7")
	if out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{c}}); out.Supported == nil {
		t.Fatalf("the claim is not supported, so nothing is tested: %+v", out)
	}
	if len(lies) < 30 {
		t.Errorf("%d kinds", len(lies))
	}
	named := r.facts(t, c.Operator)
	for what, lie := range lies {
		one := c
		lie(&one)
		one.Share = named.Replace(one.Share)
		for i := range one.Because {
			one.Because[i].A, *one.Because[i].B = named.Replace(one.Because[i].A), named.Replace(*one.Because[i].B)
		}
		out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{one}})
		if out.Supported != nil || len(out.Agrees) > 0 || out.Claims.Verified > 0 || len(out.Unverified) != 1 {
			t.Errorf("%s: %+v", what, out)
		}
		said, err := json.Marshal(out)
		if err != nil || strings.Contains(string(said), "hantom") {
			t.Errorf("%s: %s, %v", what, said, err)
		}
	}
	doubts := events.Claims{}
	for _, words := range []string{"Der Sink ist der Engpass.", "瓶颈是接收端。", "The sink is the bottleneck."} {
		one := c
		one.Operator, one.Reading, one.Doubts = words, &words, &words
		out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{one}})
		doubts.Verified += out.Claims.Verified
		out.Readings = nil
		if said, err := json.Marshal(out); err != nil || strings.Contains(string(said), words) || out.Supported != nil {
			t.Errorf("%q is told: %s, %v", words, said, err)
		}
	}
	if doubts.Verified > 0 {
		t.Errorf("%d claims in other words hold", doubts.Verified)
	}
}
