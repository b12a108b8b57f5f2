package mechanisms

import (
	"fmt"
	"strings"
)

const docsHead = `# Rules

The mechanisms that the analyzer recognizes without a language model, each known by the id that findings call their rule. Generated from the YAML files in
` + "`services/analyzer/internal/mechanisms`" + ` by ` + "`go test ./internal/mechanisms -update`" + `.

A path ` + "`a > b`" + ` is b somewhere below a, ` + "`a -> b`" + ` is b called by a, ` + "`a $`" + ` is a as the last frame, and ` + "`*`" + ` is any run of
characters. ` + "`@user`" + ` is a frame of the user's code, ` + "`@wait`" + ` a frame in which a thread waits. The thresholds W (warning) and
C (critical) refer to p: the thread equivalents of the finding over those of the vertex that limits the job. Severity also
depends on what is known: nothing is above info in a job that is not limited or off the path that limits it, and nothing is
critical with few samples or without the metrics of the job.

A rule that overrides others of its layer takes the samples which both match; those of different layers stand side by side.
A broad rule says where the time goes and not why: all others override it. What a rule needs must be so or unknown, and what
refutes it must not be known; of its changes those are told that apply to the job, with the settings that can do something there
([keys](keys.md)).

"Below an operator" is also what lies below the user's own code that reads records for a task or writes them to another one:
a serializer, or what finds a record's key. What a rule finds there it takes from rules that look below a task.

Every class, method and configuration key that a rule speaks of was read from the jars of Flink 1.20 and 2.3, of a JDK 17 and
of the libraries in ` + "`tools/rules`" + `; what no jar holds is listed with its source in ` + "`testdata/elsewhere.yaml`" + `. A rule
with a new name needs ` + "`make names`" + `.
`

// Markdown describes a catalogue as a page of documentation.
func Markdown(c *Catalogue) string {
	var b strings.Builder
	b.WriteString(docsHead)
	b.WriteString("\n| id | title | layer | profile | frames | W | C | overrides | needs | changes |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for i := range c.Mechanisms {
		r := &c.Mechanisms[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, cell(title(r)), r.Layer, modes(r), frames(r),
			threshold(r, r.Warning), threshold(r, r.Critical), overrides(r), cell(demands(r)), cell(changes(r)))
	}
	b.WriteString("\n## Idle paths\n\nNever a finding, and reported apart.\n\n| id | meaning | frames |\n|---|---|---|\n")
	for _, idle := range c.Idle {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", idle.ID, cell(idle.Meaning), code(idle.Frames))
	}
	return b.String()
}

func title(r *Mechanism) string {
	if r.Role == RoleVictim {
		return r.Title + " (a victim, never blamed)"
	}
	if len(r.EffectOf) > 0 {
		return fmt.Sprintf("%s (not while %s is critical)", r.Title, strings.Join(r.EffectOf, " or "))
	}
	if r.After > 0 {
		return fmt.Sprintf("%s (once the job has run for %d s)", r.Title, r.After)
	}
	return r.Title
}

func overrides(r *Mechanism) string {
	if r.Broad {
		return strings.Join(append([]string{"(broad)"}, r.Overrides...), ", ")
	}
	return strings.Join(r.Overrides, ", ")
}

func modes(r *Mechanism) string {
	var out []string
	for _, m := range r.Modes {
		out = append(out, strings.ToUpper(string(m)))
	}
	return strings.Join(out, ", ")
}

func frames(r *Mechanism) string {
	if len(r.Frames) == 0 {
		return "–"
	}
	text := code(r.Frames)
	if r.Below != ScopeProcess {
		text = "below " + map[Scope]string{ScopeOperator: "an operator", ScopeTask: "a task"}[r.Below] + ": " + text
	}
	if len(r.LockFrames) > 0 {
		text += "; in LOCK: " + code(r.LockFrames)
	}
	return text
}

func threshold(r *Mechanism, x float64) string {
	switch {
	case x == 0:
		return "–"
	case r.Of == BasisRatio:
		return fmt.Sprintf("%g×", x)
	case r.Of == BasisCPU:
		return fmt.Sprintf("%g %% of CPU", x*100)
	default:
		return fmt.Sprintf("%g %%", x*100)
	}
}

func changes(r *Mechanism) string {
	texts := make([]string, 0, len(r.Changes))
	for i := range r.Changes {
		c := &r.Changes[i]
		text := c.Do
		if applies := conditions(c.Applies); applies != "" {
			text = "*(" + applies + ")* " + text
		}
		for _, s := range c.Set {
			text += " " + setting(s)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "<br>or: ")
}

func setting(s Setting) string {
	text := fmt.Sprintf("`%s: %s`", s.Key, s.Value)
	if s.Times > 0 {
		text = fmt.Sprintf("`%s`: %g times what it is", s.Key, s.Times)
	}
	if s.Flink != "" {
		text += fmt.Sprintf(" (Flink %s)", s.Flink)
	}
	return text
}

func code(patterns []string) string {
	quoted := make([]string, len(patterns))
	for i, p := range patterns {
		quoted[i] = "`" + strings.ReplaceAll(p, "|", `\|`) + "`"
	}
	return strings.Join(quoted, ", ")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
