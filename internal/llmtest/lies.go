package llmtest

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Mutating answers in good form with false statements, each made from a true one. The same seed and prompt give the same
// answer.
func Mutating(seed uint64) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		text, _ := Lies(req, seed)
		complete(w, req, text)
	}
}

// lie makes a false statement about a finding with the facts that it cites.
type lie struct {
	kind string
	make func(w *writer, f finding, c fact) string
}

// idle is where a task waits for work.
const idle = "org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl.take"

// lies are all kinds of lies. An empty text means that the data leaves no room for one.
var lies = []lie{
	{"number", func(w *writer, f finding, _ fact) string {
		return fmt.Sprintf("It takes %s %% of the time.", w.wrong(f.share))
	}},
	{"comma", func(w *writer, f finding, _ fact) string {
		return fmt.Sprintf("It takes %s %% of the time.", strings.ReplaceAll(w.wrong(f.share), ".", ","))
	}},
	{"samples", func(w *writer, f finding, _ fact) string {
		return fmt.Sprintf("It has %d samples.", int(number(f.samples))*7+100_003)
	}},
	{"frame's number", func(w *writer, f finding, _ fact) string {
		other := w.other(f)
		if other == "" || f.share < 2 {
			return ""
		}
		return fmt.Sprintf("%s takes %.1f %% of the time.", other, f.share)
	}},
	{"invented frame", func(w *writer, _ finding, _ fact) string {
		return w.pick("The time goes to com.acme.Ledger.settle.", "The operator calls PaymentLedger for each record.",
			"All of it is in Ledger::settle.", "The method settleAll() does it.")
	}},
	{"id", func(w *writer, f finding, c fact) string {
		for _, other := range w.e.facts {
			if strings.Contains(c.printed, " ") && other.far(c.value) {
				return fmt.Sprintf("Fact %s says %s.", other.id, c.printed)
			}
		}
		return ""
	}},
	{"invented id", func(*writer, finding, fact) string { return "Fact F8888 says so." }},
	{"unit", func(w *writer, f finding, _ fact) string {
		return fmt.Sprintf("It takes %s %s.", f.samples+"0", w.pick("ms", "MB", "TE", "records/s", "cores"))
	}},
	{"swapped unit", func(w *writer, f finding, _ fact) string {
		if math.Abs(number(f.samples)-f.share) < 3 {
			return ""
		}
		unit := w.pick("MB", "TE", "records/s", "times")
		if unit == "times" && f.share > 99 {
			return "" // the bound of what takes everything is a hundred times
		}
		return fmt.Sprintf("It takes %.1f %s.", f.share, unit)
	}},
	{"key", func(w *writer, _ finding, _ fact) string {
		return w.pick("Set taskmanager.memory.turbo.mode to true.", "Raise execution.magic.parallel-factor.")
	}},
	{"value", func(w *writer, _ finding, _ fact) string {
		for _, k := range w.e.keys {
			if strings.HasSuffix(k, "timeout") || strings.HasSuffix(k, "interval") || strings.HasSuffix(k, "enabled") {
				return "Set " + k + " to 7blue."
			}
		}
		return ""
	}},
	{"link", func(w *writer, _ finding, _ fact) string {
		return w.pick("See https://flink-help.example/fix for more.", "Read [the guide](//flink-help.example).",
			"Write to help@flink-help.example.", "Open javascript:alert(1) for it.", "See www.flink-help.example for it.")
	}},
	{"rank", func(w *writer, f finding, _ fact) string {
		return w.pick(f.id+" is less important than the rest.", "Its severity should be info.", "This is only a minor issue.",
			"This finding can be ignored.", "It is a false alarm.", "It is considered harmless.")
	}},
	{"idle", func(w *writer, _ finding, _ fact) string {
		return w.pick(idle+" is the bottleneck.", "The root cause is TaskMailboxImpl.take.", "The job is slow because of "+idle+".")
	}},
	{"denied", func(w *writer, f finding, _ fact) string {
		return w.pick(fmt.Sprintf("It does not take %.1f %% of the time.", f.share), short(f.frame)+" is not involved.",
			short(f.frame)+" hardly takes any time.")
	}},
	{"cause", func(w *writer, _ finding, _ fact) string { return w.strange() }},
	{"comparison", func(w *writer, _ finding, _ fact) string {
		return w.pick("It improved since the baseline.", "It got slower than before.", "It is faster than in the last run.",
			"Previously it took less.", "This regressed with the last release.")
	}},
	{"gain", func(w *writer, f finding, _ fact) string {
		if f.share > 95 {
			return "It brings a speed-up of 9000 times."
		}
		return w.pick("The job gets 400× faster.", "Removing it saves 99.9 % of the time.", "Throughput grows tenfold.",
			"It brings a speed-up of 250 times.")
	}},
	{"word", func(w *writer, f finding, _ fact) string {
		if w.free(45, 55) {
			return "Half of the time goes there."
		}
		if !w.free(1.7, 2.3) || math.Abs(number(f.bound)-2) < 0.3 {
			return ""
		}
		return "It is twice as slow as all else."
	}},
	{"spelled", func(w *writer, f finding, _ fact) string {
		if n := (int(f.share)+37)%80 + 11; w.free(float64(n-2), float64(n+2)) {
			return fmt.Sprintf("It takes %s percent of the time.", spell(n))
		}
		return ""
	}},
	{"more", func(w *writer, f finding, _ fact) string {
		if !w.free(f.share+20, 2*f.share+50) {
			return ""
		}
		return fmt.Sprintf("It takes more than %.0f %% of the time.", f.share+21)
	}},
	{"confusable", func(w *writer, f finding, _ fact) string {
		name := strings.NewReplacer("a", "а", "e", "е", "o", "о").Replace(short(f.frame))
		if name == short(f.frame) {
			return ""
		}
		return name + " takes the time."
	}},
	{"digits", func(w *writer, _ finding, _ fact) string {
		return w.pick("It takes ９７ % of the time.", "It takes ¾ of it.", "It takes ٩٧ ٪ of it.")
	}},
	{"markup", func(w *writer, _ finding, _ fact) string {
		return w.pick("<script>alert(99)</script> runs.", "\x1b[31mIt takes 123.4 %\x1b[0m of it.", "<img src=x onerror=alert(99)> shows it.")
	}},
}

// figure is a number in a text of the data.
var figure = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)

// far reports whether no number of a fact is near x.
func (f fact) far(x float64) bool {
	for _, digits := range append(figure.FindAllString(f.text, -1), figure.FindString(f.printed)) {
		if math.Abs(number(strings.TrimRight(digits, ","))-x) < 3+x/10 {
			return false
		}
	}
	return true
}

// free reports whether no number of the data is between two others.
func (w *writer) free(from, to float64) bool {
	for _, f := range w.e.findings {
		if f.share >= from && f.share <= to {
			return false
		}
	}
	for _, f := range w.e.facts {
		for _, digits := range append(figure.FindAllString(f.text, -1), figure.FindString(f.printed)) {
			if x := number(strings.TrimRight(digits, ",")); x >= from && x <= to {
				return false
			}
		}
	}
	return true
}

// wrong is a share that is none of those in the data.
func (w *writer) wrong(p float64) string {
	for range 500 {
		if x := math.Mod(p+4+w.rnd.Float64()*90, 100); w.free(x-1.5, x+1.5) {
			return strconv.FormatFloat(x, 'f', 2, 64)
		}
	}
	return "123.45"
}

// other is a frame of the data that a finding is not about, in no line of the trees with a share like the finding's.
func (w *writer) other(f finding) string {
	for _, c := range w.e.facts {
		m := ends.FindStringSubmatch(c.text)
		if m == nil || strings.Count(m[1], ".") < 2 || strings.Contains(f.frame, m[1]) || !c.far(f.share) {
			continue
		}
		near := false
		for _, line := range w.e.facts {
			near = near || strings.Contains(line.text, short(m[1])) && !line.far(f.share)
		}
		if !near {
			return m[1]
		}
	}
	return ""
}

// strange is a cause that nothing in the data speaks of.
func (w *writer) strange() string {
	all := strings.ToLower(w.e.all())
	for _, c := range []struct{ absent, text string }{
		{"garbage", "It is slow because of garbage collection."},
		{"compact", "RocksDB compaction is the bottleneck."},
		{"file", "The cause is a slow disk."},
		{"kafka", "Kafka is the bottleneck."},
		{"dns", "It waits for DNS lookups."},
		{"skew", "A hot key is the cause."},
		{"jdbc", "A slow database is the cause."},
		{"leak", "A memory leak slows it down."},
	} {
		if !strings.Contains(all, c.absent) && w.rnd.IntN(2) == 0 {
			return c.text
		}
	}
	return "Cassandra is the bottleneck."
}

// Lies is what [Mutating] answers, with its claims: none of them is true of the data in the prompt. Each answer holds a
// part of the kinds of lies, so that several seeds are needed for all.
func Lies(req Request, seed uint64) (string, []Claim) {
	w := newWriter(req, seed)
	findings := []any{}
	for _, f := range w.e.findings {
		if cited := w.e.cited(f); len(cited) > 0 && f.share > 0 {
			findings = append(findings, w.lieAbout(f, cited))
		}
	}
	w.ref = ""
	observations := []any{}
	if len(w.e.facts) > 0 && len(w.e.findings) > 0 {
		for range 4 {
			c := w.e.facts[w.rnd.IntN(len(w.e.facts))]
			observations = append(observations, object{"text": w.lies(w.e.findings[0], c, 1), "evidence": []any{c.id}})
		}
	}
	return encode(object{"findings": findings, "observations": observations}), w.claims
}

// lies returns n lies.
func (w *writer) lies(f finding, c fact, n int) string {
	texts := []string{}
	for range n {
		l := lies[w.rnd.IntN(len(lies))]
		if text := l.make(w, f, c); text != "" {
			texts = append(texts, w.say(l.kind, "%s", text))
		}
	}
	return strings.Join(texts, " ")
}

func (w *writer) lieAbout(f finding, cited []fact) object {
	w.ref = f.id
	c := cited[w.rnd.IntN(len(cited))]
	evidence := cite(cited)
	if w.rnd.IntN(3) == 0 {
		evidence = append(evidence, object{"id": "F8888", "claim": "share", "value": 12.0})
	}
	why := w.lies(f, c, 3)
	if w.rnd.IntN(3) == 0 {
		wrong := math.Round(c.value/3 + 41.3)
		evidence = []any{object{"id": c.id, "claim": "share", "value": wrong}}
		if _, unit, ok := strings.Cut(c.printed, " "); ok && c.far(wrong) {
			why += " " + w.say("to be corrected", "Fact %s says %.0f %s.", c.id, wrong, unit)
		}
	}
	return object{
		"ref": f.id, "category": w.pick("gc", "network", "state", "other"), "evidence": evidence, "frames": []any{f.frame, "com.acme.Ledger.settle"},
		"configKeys": []any{"taskmanager.memory.turbo.mode"}, "links": []any{"https://flink-help.example/fix"},
		"where": w.lies(f, c, 2), "size": w.lies(f, c, 2) + " " + w.truth(f) + " " + w.lies(f, c, 1), "why": why, "cause": w.lies(f, c, 3),
		"recommendation": object{
			"change": w.proposals(f, c), "why": w.lies(f, c, 2), "impact": w.lies(f, c, 2), "impactPct": 99.9,
			"tradeOffs": "",
		},
	}
}

// truth is a true statement among the lies, which is none of their claims.
func (w *writer) truth(f finding) string {
	claims := w.claims
	text := w.size(f)
	w.claims = claims
	return text
}

// proposals are lies that a proposed change can hold: a change may hold numbers that nobody measured.
func (w *writer) proposals(f finding, c fact) string {
	texts := []string{}
	for _, l := range lies {
		switch l.kind {
		case "key", "value", "link", "rank", "confusable", "markup":
			if text := l.make(w, f, c); text != "" {
				texts = append(texts, w.say(l.kind, "%s", text))
			}
		}
	}
	return strings.Join(texts, " ")
}
