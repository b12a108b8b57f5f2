package ask

import (
	"slices"

	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// From returns the input for a diagnosis: its analysis and call trees, and from the catalogue of rules what an answer
// may name. Files, settings and template are for the caller to add.
func From(res diagnose.Result) Input {
	in := Input{Prompt: prompt.Input{Analysis: res.Analysis}}
	for _, p := range res.Profiles {
		tree := prompt.Tree{Mode: p.Mode}
		for _, l := range p.Tree {
			tree.Lines = append(tree.Lines, prompt.Line{
				ID: l.ID, Depth: l.Depth, Frame: l.Frame, Share: l.Share, Self: l.Self, TE: l.TE,
			})
		}
		in.Prompt.Trees = append(in.Prompt.Trees, tree)
	}
	for _, f := range res.Analysis.Findings {
		for _, kv := range f.Recommendation.Config {
			in.Prompt.Keys = append(in.Prompt.Keys, kv.Key)
		}
		in.Prompt.Links = append(in.Prompt.Links, f.Recommendation.Links...)
	}
	slices.Sort(in.Prompt.Keys)
	slices.Sort(in.Prompt.Links)
	in.Prompt.Keys, in.Prompt.Links = slices.Compact(in.Prompt.Keys), slices.Compact(in.Prompt.Links)
	for _, r := range mechanisms.Default().Mechanisms {
		in.Texts = append(in.Texts, r.Texts()...)
		for _, kv := range r.Settings() {
			in.Texts = append(in.Texts, kv.Key)
		}
	}
	return in
}
