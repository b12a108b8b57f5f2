package ask

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/ask/pseudonym"
	"squirrly.dev/services/analyzer/internal/ask/rewrite"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Prompt returns what Ask would send first.
func Prompt(in Input) (prompt.Prompt, error) {
	sent, _, err := in.build()
	return sent, err
}

// build builds the prompt, masked when the input demands it.
func (in Input) build() (prompt.Prompt, masker, error) {
	nonce := in.Nonce
	if nonce == "" {
		nonce = prompt.NewNonce()
	}
	shown, v, left := in.Prompt, masker{}, []string(nil)
	if in.Mask {
		var err error
		if shown, v, left, err = masked(in.Prompt); err != nil {
			return prompt.Prompt{}, v, err
		}
	}
	sent, err := prompt.Build(shown, nonce)
	if errors.Is(err, prompt.ErrTooLarge) {
		return prompt.Prompt{}, v, &llm.Error{Kind: llm.ErrContextTooLong, Err: err, Message: err.Error()}
	}
	if err != nil {
		return prompt.Prompt{}, v, fmt.Errorf("build the prompt: %w", err)
	}
	sent.Left = append(sent.Left, left...)
	return sent, v, nil
}

// masker is what stands between the user's names and a provider. The zero value hides nothing.
type masker struct{ names *pseudonym.Map }

// Mask returns a text as the provider may see it.
func (v masker) Mask(s string) string {
	if v.names == nil {
		return s
	}
	return v.names.Text(s)
}

// words are the fields of a prompt's input that hold words of ours.
var words = map[string]bool{
	"ID": true, "Rule": true, "By": true, "Category": true, "Unit": true, "Fingerprint": true, "VertexID": true, "Evidence": true, "Key": true,
	"Links": true, "Status": true, "Role": true, "Findings": true, "Mechanism": true, "Operator": true, "Ship": true, "Kind": true,
}

// said are the fields of an answer that hold ids, keys and values: nothing of the user's.
var said = map[string]bool{"Operator": true, "Mechanism": true, "Share": true, "Doubts": true, "Key": true, "Value": true}

// Unmask puts the user's names back into an answer. What is no answer stays as it is, and is refused later.
func (v masker) Unmask(raw json.RawMessage) json.RawMessage {
	if v.names == nil {
		return raw
	}
	a, err := claim.Decode(raw)
	if err != nil {
		return raw
	}
	a = rewrite.Strings(a, func(field, s string) string {
		if said[field] {
			return s
		}
		return v.names.Unmask(s)
	})
	out, err := json.Marshal(a)
	if err != nil {
		return raw
	}
	return out
}

// masked returns the input as a provider may see it, and the names of the files that are kept back.
func masked(in prompt.Input) (prompt.Input, masker, []string, error) {
	m := pseudonym.New()
	in.Analysis.Vertices = slices.Clone(in.Analysis.Vertices)
	for i := range in.Analysis.Vertices {
		v := &in.Analysis.Vertices[i]
		v.Name, v.Label = v.Short(), "" // the long name is not sent
	}
	learn(m, in)
	text := func(field, s string) string {
		if words[field] {
			return s
		}
		return m.Text(s)
	}
	in.Analysis = rewrite.Strings(in.Analysis, text)
	in.Operators = rewrite.Strings(in.Operators, text)
	in.Edges = rewrite.Strings(in.Edges, text)
	in.Windows = rewrite.Strings(in.Windows, text)
	in.Trees = rewrite.Strings(in.Trees, text)
	in.Failures = nil
	in.Settings = slices.DeleteFunc(slices.Clone(in.Settings), func(s prompt.Setting) bool { return !plain.MatchString(s.Value) })
	in.Keys = slices.Clone(in.Keys)
	for i := range in.Keys {
		if !plain.MatchString(in.Keys[i].InForce) {
			in.Keys[i].InForce = ""
		}
	}
	var left []string
	for _, f := range in.Files {
		left = append(left, f.Name+" (privacy)")
	}
	in.Files = nil
	if in.Template != nil {
		t, err := prompt.Parse(m.Text(in.Template.Text()))
		if err != nil {
			return in, masker{m}, left, fmt.Errorf("mask the names in the prompt: %w", err)
		}
		in.Template = t
	}
	return in, masker{m}, left, nil
}

// plain are values of settings that cannot hold a name: numbers with a unit, and constants.
var plain = regexp.MustCompile(`^(?:\d[\d.]*\s*[a-zA-Z%]{0,12}|true|false|rocksdb|hashmap|forst|filesystem|none|[A-Z]+_[A-Z_]+)$`)

// learn gives the names of the user's to the map: frames first, since names of operators may hold those of their classes.
func learn(m *pseudonym.Map, in prompt.Input) {
	a := in.Analysis
	m.Name("job", a.JobName)
	for _, c := range a.Captures {
		m.Name("jvm", c.JVM)
	}
	for _, f := range a.Findings {
		learnFinding(m, &f)
	}
	for _, o := range in.Operators {
		learnPossible(m, o.Possible)
	}
	for _, f := range a.Evidence {
		learnFrame(m, f.Frame)
	}
	for _, t := range in.Trees {
		for _, l := range t.Lines {
			for _, frame := range append(slices.Clone(l.Callers), l.Frame) {
				learnFrame(m, frame)
			}
		}
	}
	learnFrame(m, a.Verdict.Anchor)
	learnFrame(m, a.Verdict.Frame)
	for _, v := range a.Vertices {
		m.Chain(v.Short())
	}
	for _, o := range in.Operators {
		m.Chain(o.Name)
	}
	for _, w := range in.Windows {
		m.Chain(w.Node)
	}
}

func learnFrame(m *pseudonym.Map, frame string) {
	if class := wording.Class(frame); wording.Library(frame) {
		m.Keep(wording.Simple(class))
	}
	m.Frame(frame)
}

func learnFinding(m *pseudonym.Map, f *events.Finding) {
	for _, frame := range slices.Concat([]string{f.Anchor, f.Frame}, f.Path) {
		learnFrame(m, frame)
	}
}

func learnPossible(m *pseudonym.Map, all []diagnose.Possible) {
	for i := range all {
		learnFinding(m, &all[i].Finding)
		for _, f := range all[i].Facts {
			learnFrame(m, f.Frame)
		}
	}
}
