package trial

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	name string
	of   func(Result) string
}

// rows are what the table tells, what must be zero first.
var rows = []row{
	{"runs asked for", func(r Result) string { return fmt.Sprint(r.Asked) }},
	{"**ended exactly once**", func(r Result) string { return fmt.Sprint(r.Ends[1]) }},
	{"ended more often", func(r Result) string { return fmt.Sprint(r.Asked - r.Ends[0] - r.Ends[1]) }},
	{"lost (asked for, no record)", func(r Result) string { return fmt.Sprint(r.Lost) }},
	{"stuck (never ended)", func(r Result) string { return fmt.Sprint(r.Stuck) }},
	{"profiles started", func(r Result) string { return fmt.Sprint(r.Profiles) }},
	{"doubled profiles", func(r Result) string { return fmt.Sprint(r.Doubled) }},
	{"doubled results", func(r Result) string { return fmt.Sprint(r.Results) }},
	{"ends nobody was told of", func(r Result) string { return fmt.Sprint(r.Untold) }},
	{"webhooks sent again (same id)", func(r Result) string { return fmt.Sprint(r.Again) }},
	{"runs by state", func(r Result) string { return counted(r.States) }},
	{"without a result, by reason", func(r Result) string { return counted(r.Failed) }},
	{"unreadable messages sent: refused, kept as dead letters", func(r Result) string {
		return fmt.Sprintf("%d: %d, %d", r.Options.Poison, r.Refused, r.Buried)
	}},
	{"dead letters", func(r Result) string { return counted(r.Dead) }},
	{"deliveries superseded", func(r Result) string { return fmt.Sprint(r.Log.Superseded) }},
	{"objects not found", func(r Result) string { return fmt.Sprint(r.Log.Gone) }},
	{"takeovers counted as crashes", func(r Result) string { return fmt.Sprint(r.Crashes) }},
	{"captures adopted", func(r Result) string { return fmt.Sprint(r.Adopted) }},
	{"panics", func(r Result) string { return fmt.Sprint(len(r.Log.Panics)) }},
	{"services that ended by themselves", func(r Result) string { return fmt.Sprint(len(r.Exits)) }},
	{"not ended a minute after SIGTERM", func(r Result) string { return fmt.Sprint(len(r.Late)) }},
	{"faults", func(r Result) string { return faults(r.Blows) }},
	{"time of a run: median, 95 %, longest", func(r Result) string { return spread(r.RunTimes) }},
	{"fault to the next end: median, 95 %, longest", func(r Result) string { return spread(r.Recovery) }},
	{"the trial took", func(r Result) string { return r.Took.Round(time.Second).String() }},
	{"seed", func(r Result) string { return fmt.Sprint(r.Options.Seed) }},
}

// Table writes results side by side, in Markdown.
func Table(w io.Writer, results []Result) error {
	var b strings.Builder
	b.WriteString("| |")
	for _, r := range results {
		fmt.Fprintf(&b, " %s |", r.Options.Topology)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(results)) + "\n")
	for _, line := range rows {
		fmt.Fprintf(&b, "| %s |", line.name)
		for _, r := range results {
			fmt.Fprintf(&b, " %s |", line.of(r))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// Verdict is what must not be in a result; nothing is right.
func (r Result) Verdict() []string {
	bad := slices.Clone(r.Wrong)
	if r.Untold > 0 {
		bad = append(bad, fmt.Sprintf("%d ends were told to nobody", r.Untold))
	}
	return append(bad, r.Log.Panics...)
}

// counted lists counts by name, the largest first.
func counted[K ~string](of map[K]int) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b K) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
	var all []string
	for _, n := range names {
		all = append(all, fmt.Sprintf("%s %d", n, of[n]))
	}
	return cmp.Or(strings.Join(all, ", "), "none")
}

func faults(blows []Blow) string {
	n := map[string]int{}
	for _, b := range blows {
		n[b.Fault]++
	}
	return counted(n)
}

func spread(sorted []time.Duration) string {
	if len(sorted) == 0 {
		return "none"
	}
	const median, most = 0.5, 0.95
	var all []string
	for _, q := range []float64{median, most, 1} {
		all = append(all, quantile(sorted, q).Round(100*time.Millisecond).String())
	}
	return strings.Join(all, ", ")
}
