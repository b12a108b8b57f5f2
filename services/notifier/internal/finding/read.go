package finding

import (
	"slices"

	"squirrly.dev/pkg/events"
)

// Of is what a result shows.
func Of(r events.RecommendationReady) Run {
	run := Run{
		ID: r.Run, Identity: r.Identity, JobName: r.JobName, Release: r.Labels[events.LabelRelease], At: r.CreatedAt,
		Looked: r.Looked, Model: r.Provenance.Claims != nil, More: len(r.Others) == events.MaxBriefs || r.Looked == nil && r.Truncated,
	}
	for _, f := range r.Findings {
		run.Version = max(run.Version, f.FingerprintVersion)
		run.Findings = append(run.Findings, Seen{
			Fingerprint: f.Fingerprint, Rule: f.Rule, Category: f.Category, Title: f.Title, Severity: f.Severity,
			Anchor: f.Anchor, Vertices: f.Vertices, Mode: f.Mode, Proof: f.Proof, Advice: short(f.Recommendation.Change),
			Samples: f.Samples, Gain: f.Gain(),
		})
	}
	for i, f := range run.Findings {
		f.Title, f.Anchor = short(f.Title), short(f.Anchor)
		f.Vertices = slices.Clone(f.Vertices[:min(len(f.Vertices), mostVertices)])
		for n, name := range f.Vertices {
			f.Vertices[n] = short(name)
		}
		run.Findings[i] = f
	}
	for _, b := range r.Others {
		run.Findings = append(run.Findings, Seen{
			Fingerprint: b.Fingerprint, Rule: b.Rule, Category: b.Category, Title: b.Title, Severity: b.Severity,
			Anchor: b.Anchor, Mode: b.Mode, Gain: b.Gain,
		})
	}
	return run
}

const mostVertices = 5 // of a finding that are remembered

// short keeps a text within what is remembered.
func short(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
