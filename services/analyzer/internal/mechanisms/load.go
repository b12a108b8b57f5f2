package mechanisms

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/pkg/events"
)

//go:embed *.yaml
var files embed.FS

// groups are the files with rules, in the order of the catalogue.
var groups = []string{
	"user-code.yaml", "allocation.yaml", "computing.yaml", "serialization.yaml", "formats.yaml",
	"state.yaml", "window.yaml", "sql.yaml", "runtime.yaml", "network.yaml",
	"checkpoints.yaml", "connectors.yaml", "jvm.yaml", "python.yaml", "generic.yaml",
}

// MaxMechanisms bounds a catalogue, so that a set of rules is one machine word or two.
const MaxMechanisms = 128

// Catalogue is everything the analyzer knows about frames.
type Catalogue struct {
	Mechanisms []Mechanism
	Idle       []Idle
	Frames     Frames
	Version    string // changes with the data: 12 hex digits
}

// Default returns the catalogue that is built in. The result is shared: do not change it.
var Default = sync.OnceValue(func() *Catalogue {
	c, err := Load(files)
	if err != nil {
		panic(err) // the files are built in and tested
	}
	return c
})

// Load reads a catalogue from a directory with the built-in names and checks it.
func Load(dir fs.FS) (*Catalogue, error) {
	c := &Catalogue{}
	parts := make([][]Mechanism, len(groups))
	hash := sha256.New()
	var wg errgroup.Group // to decode YAML is most of the start of a program that analyzes
	read := func(name string, into any) error {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		_, _ = hash.Write(b) // a hash takes everything
		wg.Go(func() error { return decode(name, b, into) })
		return nil
	}
	for i, name := range groups {
		if err := read(name, &parts[i]); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(read("idle.yaml", &c.Idle), read("frames.yaml", &c.Frames), wg.Wait()); err != nil {
		return nil, err
	}
	c.Mechanisms = slices.Concat(parts...)
	c.Version = hex.EncodeToString(hash.Sum(nil))[:12]
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("rule catalogue: %w", err)
	}
	return c, nil
}

// decode reads one YAML document; unknown keys are errors.
func decode(name string, b []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}

// Mechanism returns the mechanism with an id, or nil.
func (c *Catalogue) Mechanism(id string) *Mechanism {
	i := slices.IndexFunc(c.Mechanisms, func(r Mechanism) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Mechanisms[i]
}

// By returns the rule that a detector finds, or nil.
func (c *Catalogue) By(detector string) *Mechanism {
	i := slices.IndexFunc(c.Mechanisms, func(r Mechanism) bool { return r.By == detector })
	if i < 0 {
		return nil
	}
	return &c.Mechanisms[i]
}

var idForm = regexp.MustCompile(`^[A-Z][0-9]{1,3}$`)

func (c *Catalogue) check() error {
	if len(c.Mechanisms) > MaxMechanisms {
		return fmt.Errorf("%d mechanisms, the limit is %d", len(c.Mechanisms), MaxMechanisms)
	}
	seen := map[string]bool{}
	for i := range c.Mechanisms {
		r := &c.Mechanisms[i]
		if err := r.check(); err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
		if seen[r.ID] {
			return fmt.Errorf("rule %s is there twice", r.ID)
		}
		seen[r.ID] = true
	}
	if err := c.checkOverrides(); err != nil {
		return err
	}
	if err := c.checkDetected(); err != nil {
		return err
	}
	for _, idle := range c.Idle {
		if err := checkPaths(idle.Frames); err != nil {
			return fmt.Errorf("idle path %s: %w", idle.ID, err)
		}
	}
	return nil
}

func (c *Catalogue) checkOverrides() error {
	for _, r := range c.Mechanisms {
		for _, id := range r.EffectOf {
			if other := c.Mechanism(id); other == nil || id == r.ID || slices.Contains(other.EffectOf, r.ID) {
				return fmt.Errorf("rule %s cannot be an effect of %s", r.ID, id)
			}
		}
		for _, id := range r.Overrides {
			other := c.Mechanism(id)
			if other == nil || id == r.ID || other.TakesFrom(&r) || r.Layer == events.LayerApplication && other.Layer != r.Layer {
				return fmt.Errorf("mechanism %s cannot override %s", r.ID, id)
			}
		}
	}
	return nil
}

// checkDetected refuses two rules of one detector, and ranks over rules that are none.
func (c *Catalogue) checkDetected() error {
	by := map[string]string{}
	for _, r := range c.Mechanisms {
		if other := by[r.By]; r.By != "" && other != "" {
			return fmt.Errorf("rules %s and %s are both by %s", other, r.ID, r.By)
		}
		by[r.By] = r.ID
		for _, id := range r.Outranks {
			if other := c.Mechanism(id); other == nil || id == r.ID || slices.Contains(other.Outranks, r.ID) {
				return fmt.Errorf("rule %s cannot outrank %s", r.ID, id)
			}
		}
	}
	return nil
}

func (r *Mechanism) check() error {
	metrics := slices.Equal(r.Modes, []Family{FamilyMetrics})
	switch {
	case !idForm.MatchString(r.ID):
		return errors.New("an id is a letter and a number")
	case r.Title == "" || r.Category == "" || r.Cause == "" || len(r.Changes) == 0:
		return errors.New("title, category, cause and changes must be set")
	case !slices.Contains([]events.Layer{events.LayerApplication, events.LayerRuntime, events.LayerResource}, r.Layer):
		return errors.New("layer is application, runtime or resource")
	case metrics && r.By == "":
		return errors.New("what metrics show says by which detector it is found")
	case len(r.Modes) == 0:
		return errors.New("no modes")
	case r.Warning <= 0 || (r.Critical > 0 && r.Critical < r.Warning):
		return errors.New("thresholds: 0 < warning <= critical")
	case !metrics && !slices.Contains([]Scope{ScopeOperator, ScopeTask, ScopeProcess}, r.Below):
		return errors.New("below is operator, task or process")
	case r.Cap != "" && r.Cap != events.SeverityInfo && r.Cap != events.SeverityWarning:
		return errors.New("cap is info or warning")
	}
	for _, m := range r.Modes {
		if !slices.Contains([]Family{FamilyCPU, FamilyWall, FamilyAlloc, FamilyLock, FamilyMetrics}, m) {
			return fmt.Errorf("no mode is called %s", m)
		}
	}
	for i := range r.Changes {
		if err := r.Changes[i].check(); err != nil {
			return fmt.Errorf("change %d: %w", i+1, err)
		}
	}
	return errors.Join(checkTexts(r.Cause), checkConditions(r.Needs), checkConditions(r.When), checkConditions(r.Refutes),
		checkPaths(slices.Concat(r.Frames, r.LockFrames, r.AllocFrames, r.NotBelow, r.Until, r.Beside)))
}

func checkPaths(paths []string) error {
	for _, text := range paths {
		if _, err := ParsePath(text); err != nil {
			return err
		}
	}
	return nil
}
