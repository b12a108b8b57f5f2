package llmtest

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Claim is one sentence of an answer, and whether the data of the prompt carries it.
type Claim struct {
	Ref  string // finding of the rules; empty for an observation
	Kind string // of the statement, for example rounded or confusable
	Text string
}

// Writing answers with true statements in varied prose. The same seed and prompt give the same answer.
func Writing(seed uint64) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		text, _ := Prose(req, seed)
		complete(w, req, text)
	}
}

// writer writes the answer to one prompt.
type writer struct {
	e      evidence
	rnd    *rand.Rand
	claims []Claim
	ref    string
}

func newWriter(req Request, seed uint64) *writer {
	return &writer{e: readProse(req), rnd: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // tests that can be repeated.
}

// say notes a claim and returns its text.
func (w *writer) say(kind, format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	w.claims = append(w.claims, Claim{w.ref, kind, text})
	return text
}

// one picks one of the ways to say something.
func (w *writer) one(ways ...func() string) string { return ways[w.rnd.IntN(len(ways))]() }

// pick is one of the texts.
func (w *writer) pick(texts ...string) string { return texts[w.rnd.IntN(len(texts))] }

// Prose is what [Writing] answers, with its claims: all of them are true of the data in the prompt.
func Prose(req Request, seed uint64) (string, []Claim) {
	w := newWriter(req, seed)
	findings := []any{}
	for _, f := range w.e.findings {
		if cited := w.e.cited(f); len(cited) > 0 && f.share > 0 {
			findings = append(findings, w.explain(f, cited))
		}
	}
	w.ref = ""
	return encode(object{"findings": findings, "observations": w.remarks()}), w.claims
}

func (w *writer) explain(f finding, cited []fact) object {
	w.ref = f.id
	keys := []any{}
	change := w.say("change", "%s", w.pick("Move "+short(f.frame)+" out of the path of the records.",
		"Do the work of "+f.frame+" once at open, not for each record.", "Replace the call of "+short(f.frame)+"."))
	if len(w.e.keys) > 0 {
		key := w.e.keys[w.rnd.IntN(len(w.e.keys))]
		keys = append(keys, key)
		change += " " + w.say("key", "%s", w.pick("Have a look at "+key+" too.", "Tune "+key+" and measure again."))
	}
	links := head(w.e.links)
	return object{
		"ref": f.id, "category": "other", "evidence": cite(cited), "frames": []any{f.frame}, "configKeys": keys, "links": links,
		"where": w.where(f), "size": w.size(f), "why": w.why(cited), "cause": w.cause(f),
		"recommendation": object{
			"change": change,
			"why": w.say("plain why", "%s", w.pick("The thread is then free for the next record.",
				"Without "+short(f.frame)+", the operator has more time for each record.", "What is not done takes no time.")),
			"impact":    w.impact(f),
			"impactPct": math.Floor(f.share),
			"tradeOffs": w.say("trade-off", "%s", w.pick("The code gets longer, and the order of the results may change.", "It needs about twice the memory.",
				"Results may come a few seconds later, and one more thing must be operated.", "None that matters here.")),
		},
	}
}

func (w *writer) where(f finding) string {
	return w.say("frame", "%s", w.pick("The time goes to "+f.frame+".", "It is "+short(f.frame)+" where the time goes.",
		"The place is "+short(f.frame)+", below an operator of the job.", "Look at "+strings.ReplaceAll(f.frame, "::", "::")+" first."))
}

// size says how large a finding is, in one of many ways.
func (w *writer) size(f finding) string {
	p, name := f.share, short(f.frame)
	exact := strconv.FormatFloat(p, 'f', 1, 64)
	even := math.Abs(math.Mod(p*10, 10)-5) > 0.01 // else the rounded number was rounded twice
	whole := strconv.FormatFloat(math.Round(p), 'f', 0, 64)
	ways := []func() string{
		func() string {
			return w.say("exact", "%s takes %s %% of the time, with %s samples.", name, exact, f.samples)
		},
		func() string { return w.say("hedged", "Roughly %s %% of the time is spent there.", whole) },
		func() string {
			return w.say("comma", "%s takes %s %% of the time.", name, strings.ReplaceAll(exact, ".", ","))
		},
		func() string {
			return w.say("range", "It takes between %.0f and %.0f %% of the time.", math.Floor(p)-1, math.Ceil(p)+1)
		},
		func() string { return w.say("more", "It takes more than %.0f %% of the time.", math.Ceil(p*0.95)-1) },
		func() string { return w.say("samples", "%s samples end there.", f.samples) },
	}
	if word := fractionOf(p); word != "" {
		ways = append(ways, func() string { return w.say("word", "About %s of the time goes there.", word) })
	}
	if p > 52 {
		ways = append(ways, func() string { return w.say("most", "It takes most of the time.") })
	}
	if even {
		ways = append(ways, func() string { return w.say("rounded", "It takes %s percent of the time.", whole) })
	}
	if n := int(math.Round(p)); n >= 10 && n < 100 && even {
		ways = append(ways, func() string { return w.say("spelled", "It takes %s percent of the time.", spell(n)) })
	}
	return w.one(ways...) + " " + w.one(ways...)
}

func (w *writer) why(cited []fact) string {
	c := cited[w.rnd.IntN(len(cited))]
	return w.pick("Every record waits for it. ", "No other record is handled meanwhile. ", "It comes before all else. ") +
		w.say("fact", "%s", w.pick("Fact "+c.id+" says "+c.printed+".", "The number in "+c.id+" is "+c.printed+".",
			"See "+c.id+": "+c.printed+"."))
}

// subsystems are kinds of samples, as the data names them, with words for them.
var subsystems = map[string][]string{
	"serialization": {"serialization", "serializing records"}, "garbage collection": {"garbage collection", "GC"},
	"network": {"the network stack", "network code"}, "state": {"state access"}, "JIT compilation": {"JIT compilation"},
}

var categoryText = regexp.MustCompile(`of the active (WALL|ITIMER|CPU) samples are (.+)\.$`)

// kinds are the shares of the subsystems, the largest of each.
func (e evidence) kinds() map[string]fact {
	out := map[string]fact{}
	for _, f := range e.facts {
		if m := categoryText.FindStringSubmatch(f.text); m != nil && subsystems[m[2]] != nil && f.value > out[m[2]].value {
			out[m[2]] = f
		}
	}
	return out
}

func (w *writer) cause(f finding) string {
	text := []string{w.say("cause", "%s", w.pick("The function calls "+short(f.frame)+" for each record.",
		"The profile shows "+f.frame+" below the operator.", "The operator does its work in "+short(f.frame)+"."))}
	if f.category() == "sleep" {
		text = append(text, w.say("cause", "The thread is put to sleep in %s.", short(f.frame)))
	}
	for _, name := range slices.Sorted(maps.Keys(subsystems)) {
		said := subsystems[name]
		if _, ok := w.e.kinds()[name]; !ok && w.rnd.IntN(4) == 0 && !strings.Contains(strings.ToLower(w.e.all()), strings.ToLower(name)) {
			text = append(text, w.say("no subsystem", "It is not a matter of %s.", said[0]))
			break
		}
	}
	return strings.Join(text, " ")
}

func (f finding) category() string {
	if strings.Contains(f.frame, "sleep") {
		return "sleep"
	}
	return ""
}

// all is everything that the data says.
func (e evidence) all() string {
	var b strings.Builder
	for _, f := range e.facts {
		b.WriteString(f.text + "\n")
	}
	for _, f := range e.findings {
		b.WriteString(f.title + " " + f.frame + "\n")
	}
	return b.String()
}

func (w *writer) impact(f finding) string {
	share := strconv.FormatFloat(f.share, 'f', 1, 64)
	if f.bound != "" {
		return w.say("bound", "%s", w.pick("The job gets at most "+f.bound+"× faster.", "The speed-up is "+f.bound+" times at best.",
			"No more than "+share+" % of the time can be saved."))
	}
	return w.say("saving", "%s", w.pick("At most "+share+" % of the time of the tasks can be saved.",
		"Removing it frees up to "+share+" % of that time.", "It saves no more than "+share+" %."))
}

// remarks says what the facts say that no finding is about.
func (w *writer) remarks() []any {
	out := []any{}
	for _, f := range w.e.facts {
		if len(out) == 6 || w.rnd.IntN(3) > 0 {
			continue
		}
		if text := w.remark(f); text != "" {
			out = append(out, object{"text": text, "evidence": []any{f.id}})
		}
	}
	return out
}

var ends = regexp.MustCompile(`samples end in (\S+)\.$`)

func (w *writer) remark(f fact) string {
	category, end := categoryText.FindStringSubmatch(f.text), ends.FindStringSubmatch(f.text)
	switch {
	case category != nil && subsystems[category[2]] != nil:
		said := subsystems[category[2]]
		return w.say("subsystem", "%s", w.pick(upper(said[w.rnd.IntN(len(said))])+" takes "+f.printed+" of the active samples.",
			f.printed+" of the active samples are "+said[0]+", see "+f.id+"."))
	case end != nil && !strings.Contains(end[1], "["):
		return w.say("end", "%s of the active samples end in %s.", f.printed, end[1])
	case strings.ContainsAny(f.text, ";:"):
	case f.id[0] == 'V' || f.id[0] == 'M' || f.id[0] == 'K':
		return w.say("metric", "%s", w.pick(f.text, "Fact "+f.id+" gives "+f.printed+"."))
	}
	return ""
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// short is Class.method of a Java frame.
func short(frame string) string {
	if strings.Contains(frame, "::") {
		return frame
	}
	parts := strings.Split(frame, ".")
	if len(parts) < 3 || parts[len(parts)-1] == "" || strings.ToUpper(parts[len(parts)-1][:1]) == parts[len(parts)-1][:1] {
		return frame
	}
	return strings.Join(parts[len(parts)-2:], ".")
}

// fractionOf is a share in words.
func fractionOf(p float64) string {
	for word, x := range map[string]float64{"half": 50, "a third": 100. / 3, "two thirds": 200. / 3, "a quarter": 25, "three quarters": 75, "nine tenths": 90} {
		if math.Abs(p-x) < 2 {
			return word
		}
	}
	return ""
}

func spell(n int) string {
	ones := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	if n < 20 {
		return ones[n]
	}
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")[n/10-2]
	if n%10 == 0 {
		return tens
	}
	return tens + "-" + ones[n%10]
}
