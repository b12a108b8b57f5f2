package llm

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"regexp"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/internal/userfile"
)

//go:embed prices.yaml
var pricesFile []byte

// Rate is what tokens cost, in US dollars for a million.
type Rate struct {
	Input  float64  `yaml:"input"`
	Cached *float64 `yaml:"cached"` // of input that the provider's cache held; nil: like all input
	Output float64  `yaml:"output"`
}

// Price is what a model costs.
type Price struct {
	Rate   `yaml:",inline"`
	Long   *LongRate  `yaml:"long"` // nil: prompts of any length cost the same
	Then   *LaterRate `yaml:"then"` // nil: no change is announced
	Source string     `yaml:"source"`
	Date   time.Time  `yaml:"date"` // on which the price was confirmed
}

// LongRate holds for all tokens of a request whose prompt has more tokens than Above.
type LongRate struct {
	Rate  `yaml:",inline"`
	Above int `yaml:"above"`
}

// LaterRate holds from a day on.
type LaterRate struct {
	Rate `yaml:",inline"`
	From time.Time `yaml:"from"`
}

// Prices are what models cost, by the names of the models.
type Prices struct {
	Date   time.Time        `yaml:"date"`
	Models map[string]Price `yaml:"models"`
}

// maxPrice is in US dollars for a million tokens: more is a mistake of units.
const maxPrice = 10_000

// DefaultPrices are the prices that are built in. The result is shared: do not change it.
var DefaultPrices = sync.OnceValue(func() Prices {
	p, err := parsePrices(pricesFile)
	if err != nil {
		panic("llm: prices.yaml: " + err.Error()) // it is built in and tested
	}
	return p
})

// maxPrices bounds a file of prices, in bytes.
const maxPrices = 1 << 20

// LoadPrices reads a file of the form of prices.yaml; what it does not name keeps the price that is built in. An empty
// path gives the built-in prices.
func LoadPrices(path string) (Prices, error) {
	known := DefaultPrices()
	if path == "" {
		return known, nil
	}
	b, err := userfile.ReadSoon(path, maxPrices)
	if err != nil {
		return Prices{}, fmt.Errorf("read the prices: %w", err)
	}
	own, err := parsePrices(b)
	if err != nil {
		return Prices{}, fmt.Errorf("read the prices: %s: %w", path, err)
	}
	for model, p := range known.Models {
		if _, ok := own.Models[model]; !ok {
			own.Models[model] = p
		}
	}
	return own, nil
}

func parsePrices(b []byte) (Prices, error) {
	var p Prices
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("decode: %w", err)
	}
	if p.Date.IsZero() {
		return p, errors.New("the date is missing")
	}
	if p.Models == nil {
		p.Models = map[string]Price{}
	}
	for model, m := range p.Models {
		if err := m.validate(); err != nil {
			return p, fmt.Errorf("model %s: %w", model, err)
		}
	}
	return p, nil
}

func (p Price) validate() error {
	err := p.Rate.validate()
	if p.Source == "" || p.Date.IsZero() {
		err = errors.Join(err, errors.New("source or date is missing"))
	}
	if p.Long != nil {
		if p.Long.Above <= 0 {
			err = errors.Join(err, errors.New("long: above is missing"))
		}
		err = errors.Join(err, p.Long.validate())
	}
	if p.Then != nil {
		if p.Then.From.IsZero() {
			err = errors.Join(err, errors.New("then: from is missing"))
		}
		err = errors.Join(err, p.Then.validate())
	}
	return err
}

func (r Rate) validate() error {
	all := []float64{r.Input, r.Output}
	if r.Cached != nil {
		all = append(all, *r.Cached)
	}
	for _, v := range all {
		if math.IsNaN(v) || v < 0 || v > maxPrice {
			return fmt.Errorf("%v is no price in US dollars for a million tokens", v)
		}
	}
	return nil
}

// dated is the end of a name that pins a model to a release: gpt-5-mini-2025-08-07, claude-haiku-4-5-20251001.
var dated = regexp.MustCompile(`-20\d\d-?[01]\d-?[0-3]\d$`)

func (p Prices) of(model string) (Price, bool) {
	if found, ok := p.Models[model]; ok {
		return found, true
	}
	found, ok := p.Models[dated.ReplaceAllString(model, "")]
	return found, ok
}

// Known reports whether the price of a model is known.
func (p Prices) Known(model string) bool {
	_, ok := p.of(model)
	return ok
}

// Cost is what a usage costs in US dollars at a time. It reports false when that is unknown: for want of a price, or of
// a usage.
func (p Prices) Cost(model string, u Usage, at time.Time) (float64, bool) {
	price, ok := p.of(model)
	if !ok || u.In <= 0 {
		return 0, false
	}
	r := price.rate(u.In, at)
	cached := min(max(u.CachedIn, 0), u.In)
	usd := float64(u.In-cached)*r.Input + float64(cached)*r.cached() + float64(max(u.Out, 0))*r.Output
	return usd / 1e6, true
}

// Estimate is the most that a question of so many tokens can cost, with an answer of up to maxOut tokens.
func (p Prices) Estimate(model string, tokensIn, maxOut int, at time.Time) (float64, bool) {
	return p.Cost(model, Usage{In: tokensIn, Out: maxOut}, at)
}

// rate is what holds for a prompt of so many tokens at a time.
func (p Price) rate(tokensIn int, at time.Time) Rate {
	switch {
	case p.Long != nil && tokensIn > p.Long.Above:
		return p.Long.Rate
	case p.Then != nil && !at.Before(p.Then.From):
		return p.Then.Rate
	}
	return p.Rate
}

func (r Rate) cached() float64 {
	if r.Cached == nil {
		return r.Input
	}
	return *r.Cached
}
