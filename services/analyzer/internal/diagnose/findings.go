package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// findings returns the findings, most important first, and the weight of each one that comes from frames.
func (d *diagnosis) findings() ([]events.Finding, []weight) {
	chosen := d.choose()
	var all []events.Finding
	for i := range chosen {
		all = append(all, d.finding(&chosen[i]))
	}
	identify(all, chosen)
	all = d.withMetricFindings(all)
	for i := range all {
		all[i].ID = fmt.Sprintf("R%d", i+1)
	}
	return all, chosen
}

func (d *diagnosis) finding(w *weight) events.Finding {
	mode := d.modeOf(w.family())
	f := events.Finding{
		Rule: w.rule.ID, Category: w.rule.Category, Title: w.rule.Title, Severity: w.severity, Confidence: w.confidence,
		Anchor: w.anchor, Frame: w.frame, Path: w.path, Vertices: d.names(w.vertices), OnPath: w.onPath, Mode: mode,
		Samples: samples(w.samples()), TE: w.te(), P: w.p, StdErr: w.stdErr, Share: w.share, Origin: events.OriginRules,
		Cause: w.rule.Cause,
	}
	if w.leaf != "" {
		f.Frame = w.leaf
	}
	if d.ctx != nil {
		f.Recommendation = w.rule.Recommendation(d.ctx.FlinkVersion)
	} else {
		f.Recommendation = w.rule.Recommendation("")
	}
	if w.onPath {
		f.Bound = bound(w.p, w.samples())
	}
	f.Where = d.whereText(w, &f)
	f.Size = d.sizeText(w)
	f.Why = d.whyText(w)
	f.Recommendation.Impact = d.impactText(w, &f)
	f.Evidence = []string{d.frameFact(w, &f)}
	f.Evidence = append(f.Evidence, d.besides(w, &f)...)
	for _, v := range w.vertices {
		f.Evidence = append(f.Evidence, d.vertexFact[v])
	}
	return f
}

// bound is the speed-up if a share p of the time went to zero. Samples that all agree still leave a rest of 3/n, with a
// confidence of 95 %, and nothing is claimed beyond a hundredfold.
func bound(p float64, n uint64) float64 {
	rest := max(1-p, 3/float64(n+3), 0.01)
	return math.Round(100/rest) / 100
}

func (d *diagnosis) names(vertices []int) []string {
	var out []string
	for _, v := range vertices {
		out = append(out, d.loads[v].Name)
	}
	return out
}

func (d *diagnosis) whereText(w *weight, f *events.Finding) string {
	place := where(f.Anchor, f.Frame)
	switch {
	case w.rule.Below == rules.ScopeProcess:
		return place + ", outside the tasks"
	case len(f.Vertices) == 1:
		return fmt.Sprintf("%s in vertex %s", place, f.Vertices[0])
	case len(f.Vertices) > 1:
		return fmt.Sprintf("%s in one of the vertices %s", place, list(f.Vertices))
	case w.operator != "":
		return fmt.Sprintf("%s below %s", place, simple(w.operator))
	default:
		return place + " in a task thread"
	}
}

func (d *diagnosis) sizeText(w *weight) string {
	var parts []string
	if w.te() > 0 {
		unit := te(w.te())
		if w.tally(rules.FamilyWall).te == 0 {
			unit = fmt.Sprintf("%.2f cores", w.te())
		}
		parts = append(parts, unit)
	}
	switch {
	case w.rule.Of == rules.BasisCPU:
		parts = append(parts, percent(w.share)+" of all CPU samples")
	case w.untimed():
	case w.onPath:
		parts = append(parts, fmt.Sprintf("%s (± %s) of the time of %s", percent(w.p), percent(2*w.stdErr), d.limitName(w)))
	case d.judged.Limit == events.LimitUnknown:
		parts = append(parts, percent(w.p)+" of the active time of all tasks")
	}
	parts = append(parts, fmt.Sprintf("%s of the active %s samples (%s)", percent(w.share), d.modeOf(w.family()), number(w.samples())))
	return strings.Join(append(parts, w.besidesText()...), ", ")
}

// limitName is the limiting vertex that a group on the path belongs to.
func (d *diagnosis) limitName(w *weight) string {
	for _, v := range d.limiting() {
		if slices.Contains(w.vertices, v) {
			return d.loads[v].Name
		}
	}
	return "the limiting vertex"
}

func (d *diagnosis) whyText(w *weight) string {
	switch {
	case !w.timed:
		return fmt.Sprintf("It is what %s shows most of; that counts events and no time, so what it costs cannot be told from it.", d.modeOf(w.family()))
	case w.untimed():
		return "Garbage collection takes CPU from every task of the process for what it allocates."
	case d.judged.Limit == events.LimitUnknown:
		return "Whether it limits the job cannot be told without the job's metrics; it takes a share of the tasks' active time."
	case d.judged.Limit == events.LimitNone:
		return "The job is not limited, so throughput does not gain from it; it is a matter of cost."
	case d.judged.Limit == events.LimitCPU:
		return "The job is held back by a lack of CPU and not by this code; it is a matter of cost."
	case !w.onPath:
		return "It is not in the vertex that limits the job, so throughput does not gain from it; it is a matter of cost."
	case w.rule.Of == rules.BasisCPU:
		return "It takes CPU from every task of the process, the limiting ones included."
	default:
		return fmt.Sprintf("%s limits the throughput of the whole job, and this is where its time goes.", d.limitName(w))
	}
}

func (d *diagnosis) impactText(w *weight, f *events.Finding) string {
	switch {
	case w.untimed():
		return d.untimedImpact(w)
	case w.onPath && w.rule.Of == rules.BasisVertex && len(w.vertices) == 1 && len(d.judged.Rivals) > 0:
		return fmt.Sprintf("At most %s for this vertex if its time went to zero, but %s as much, so the job gains only when both are fixed.",
			times(f.Bound), d.rivalsLimit(w.vertices[0]))
	case w.onPath && w.rule.Of == rules.BasisVertex:
		return fmt.Sprintf("At most %s the throughput if its time went to zero%s.", times(f.Bound), d.thenLimited(f.Bound))
	case w.onPath:
		return fmt.Sprintf("At most %s of the CPU time comes free for the tasks.", percent(w.share))
	case d.judged.Limit == events.LimitUnknown:
		return fmt.Sprintf("At most %s of the tasks' active time comes free.", percent(w.p))
	case w.te() > 0:
		return fmt.Sprintf("No gain in throughput; up to %.2f threads come free.", w.te())
	default:
		return "No gain in throughput."
	}
}

func (d *diagnosis) rivalsLimit(vertex int) string {
	var others []int
	for _, v := range d.limiting() {
		if v != vertex {
			others = append(others, v)
		}
	}
	if len(others) == 1 {
		return d.loads[others[0]].Name + " limits"
	}
	return list(d.names(others)) + " limit"
}

func (d *diagnosis) frameFact(w *weight, f *events.Finding) string {
	text := fmt.Sprintf("%s has %s active %s samples (%s)", where(f.Anchor, f.Frame), number(w.samples()), f.Mode, percent(w.share))
	if w.te() > 0 {
		text += ", " + te(w.te())
	}
	if w.onPath && w.rule.Of == rules.BasisVertex && !w.untimed() {
		text += fmt.Sprintf(", %s of the time of %s", percent(w.p), d.limitName(w))
	}
	fact := events.Fact{
		Text: text + ".", Value: w.share, Unit: "share", Frame: f.Frame, Mode: f.Mode, Samples: f.Samples,
	}
	if w.share > 0 {
		fact.StdErr = standardError(w.share, float64(w.samples())/w.share)
	}
	if w.te() > 0 {
		fact.StdErr *= w.te() / max(w.share, fact.StdErr) // as large a part of it as of the share
		fact.Value, fact.Unit = w.te(), "te"
	}
	if w.onPath && w.p > 0 {
		fact.Value, fact.Unit, fact.StdErr = w.p, "share", w.stdErr
	}
	if len(f.Vertices) == 1 {
		fact.Vertex = f.Vertices[0]
	}
	return d.facts.add(factFrame, fact)
}
