package llmtest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// sample is a map as prompts have it.
const sample = `<<<DATA 0123 graph>>>
# Vertices: id | name | parallelism | busy | busiest subtask | idle | backpressured | records in/s | out/s | role
V1 | Source: orders | 1 | 6.8 % | 7 % | 0 % | 93 % | 0 | 1,000 | fed
V2 | Join[10] -> Calc[11] | 2 | 100 % | 100 % | 0 % | 0 % | 1,000 | 900 | limits
# Edges: from | to | how
V1 | V2 | HASH
# Operators: id | name | vertices | of the busy time | of the CPU samples | samples | limits | findings
O1 | Source: orders | V1 | - | 4 % | 40 | no | -
O2 | Join[10] | V2 | 80 % | 90 % | 2,000 | yes | R1
O3 | Calc[11] | V2 | 5 % | 3 % | 100 | yes | -
<<<END 0123>>>
<<<DATA 0123 profile>>>
# Findings: id | mechanism | severity | share | samples | speed-up at most | operators | facts | title
R1 | C1 | warning | 27.6 % | 552 | 1.4 | O2 | F1 T2 | Join | reads | state
  frame: org.rocksdb.RocksDB.get
  settings: state.backend.rocksdb.block.cache-size=64mb, table.exec.mini-batch.enabled=true
# Possible: operator | mechanism | share | samples | facts | title
O2 | C16 | 54.2 % | 1,084 | F9 T3 | Blocks are read
  open: nothing says how large the cache is
O3 | B1 | 3 % | 60 | F8 | Copies
# Call tree ITIMER: id, share, self, frame < callers
T1   90.1 0.1 StreamTask.processInput
T2    80.0 1.0 JoinOperator.processElement @O2
T3     54.2 40.4 rocksdb::ReadBlockContents < BinarySearchIndexReader::NewIterator, GetOrReadIndexBlock
T4    1.5 1.5 Calc.processElement @O3
# Facts: id | value | what
F1 | 27.6 % | of the samples are reads
<<<END 0123>>>
<<<DATA 0123 settings>>>
# Settings: key | value | from
taskmanager.numberOfTaskSlots | 4 | cluster
# Keys: key | type | value in force | turn | bounds | mechanisms
taskmanager.memory.managed.size | MemorySize | 512 mb | raise | at most half | C16
table.exec.mini-batch.enabled | Boolean | false | true | - | C1
# Facts: id | value | what
V9 | 1,000 records/s | in
<<<END 0123>>>
`

const sampleSchema = `{"properties":{"claims":{"items":{"properties":{"mechanism":{"enum":["A1","B1","C1","C16","other"]}}}}}}`

func sampled() Request {
	return Request{
		Messages:       []Message{{Role: "system", Content: "JSON"}, {Role: "user", Content: sample}},
		ResponseFormat: &ResponseFormat{Type: "json_schema", JSONSchema: &Schema{Schema: json.RawMessage(sampleSchema)}},
	}
}

func TestSheet(t *testing.T) {
	s := read(sampled())
	if len(s.vertices) != 2 || len(s.edges) != 1 || len(s.operators) != 3 || len(s.findings) != 1 || len(s.possible) != 2 || len(s.lines) != 4 ||
		len(s.keys) != 2 || len(s.facts) != 2 || len(s.enum) != 5 {
		t.Fatalf("%+v", s)
	}
	if o := s.operators[1]; o.id != "O2" || !o.limits || o.samples != 2000 || !slices.Equal(o.findings, []string{"R1"}) {
		t.Errorf("%+v", o)
	}
	if f := s.findings[0]; f.share != 27.6 || f.frame != "org.rocksdb.RocksDB.get" || len(f.settings) != 2 || !slices.Equal(f.facts, []string{"F1", "T2"}) {
		t.Errorf("%+v", f)
	}
	if l := s.lines[2]; l.parent != "T2" || l.operator != "O2" || l.frame != "rocksdb::ReadBlockContents" || len(l.callers) != 2 || l.self != 40.4 {
		t.Errorf("%+v", l)
	}
	if l := s.lines[3]; l.parent != "T1" || l.operator != "O3" {
		t.Errorf("%+v", l)
	}
}

// The honest reader agrees with the finding, and takes what is larger at the operator that limits.
func TestHonestAnswer(t *testing.T) {
	a := decode(t, HonestAnswer(sampled()))
	if len(a.Claims) != 2 || a.Claims[0].Mechanism != "C1" || a.Claims[1].Mechanism != "C16" || a.Claims[1].Operator != "O2" || a.Claims[1].Share != "T3" {
		t.Errorf("%+v", a)
	}
	if len(a.Claims[0].Changes) != 2 || *a.Claims[0].Changes[0].Key != "state.backend.rocksdb.block.cache-size" {
		t.Errorf("%+v", a.Claims[0].Changes)
	}
}

func decode(t *testing.T, text string) answer {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var a answer
	if err := d.Decode(&a); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return a
}

// The shotgun claims each mechanism at each operator, and changes every key.
func TestShotgunAnswer(t *testing.T) {
	pairs, keys := map[string]bool{}, map[string]bool{}
	_, steps := ShotgunAnswer(sampled(), 0)
	for i := range steps {
		text, _ := ShotgunAnswer(sampled(), i)
		a := decode(t, text)
		if len(a.Claims) > maxClaims {
			t.Errorf("%d claims", len(a.Claims))
		}
		for _, c := range a.Claims {
			pairs[c.Operator+c.Mechanism] = true
			for _, ch := range c.Changes {
				keys[ch.Kind+*ch.Key] = true
			}
		}
	}
	if len(pairs) != 3*5 || len(keys) != 2*3 {
		t.Errorf("%d pairs, %d changes", len(pairs), len(keys))
	}
}

// Each liar has a name of its own, and a lie to tell about the sample, in the form of claims.
func TestLiars(t *testing.T) {
	names := map[string]bool{}
	for _, l := range Liars() {
		if names[l.Name] {
			t.Errorf("two liars are called %q", l.Name)
		}
		names[l.Name] = true
		text := l.Answer(sampled())
		if text == "" {
			t.Errorf("%s: no lie", l.Name)
			continue
		}
		if a := decode(t, text); len(a.Claims) > maxClaims || len(a.Claims)+len(a.Observations) == 0 {
			t.Errorf("%s: %d claims", l.Name, len(a.Claims))
		}
	}
	const least = 30
	if len(names) < least {
		t.Errorf("%d liars", len(names))
	}
}

// Every saying of a language is in the answer.
func TestSayings(t *testing.T) {
	for _, language := range Languages {
		var texts []string
		for _, s := range Sayings() {
			if s.Language == language {
				texts = append(texts, s.Text)
			}
		}
		text := talk(read(sampled()), texts...).text()
		for _, s := range texts {
			if n := strings.Count(text, s); n < 3 {
				t.Errorf("%s is said %d times", s, n)
			}
		}
		if a := decode(t, text); len(a.Claims) > maxClaims || len(a.Observations) > 10 {
			t.Errorf("%d claims, %d observations", len(a.Claims), len(a.Observations))
		}
	}
}
