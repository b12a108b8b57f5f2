package llm

import (
	"context"
	"time"
)

// Priced returns a provider whose responses say what they cost. model is the one that is asked; a response that names a
// model with a price is paid by that name, since an alias and a deployment say less.
func Priced(next Provider, prices Prices, model string) Provider {
	return &priced{Provider: next, prices: prices, model: model}
}

type priced struct {
	Provider

	prices Prices
	model  string
}

// Complete implements Provider. What failed after the model had answered is paid as well.
func (p *priced) Complete(ctx context.Context, req Request) (Response, error) {
	resp, err := p.Provider.Complete(ctx, req)
	name := resp.Model
	if !p.prices.Known(name) {
		name = p.model
	}
	if usd, ok := p.prices.Cost(name, resp.Usage, time.Now()); ok {
		resp.CostUSD = &usd
	}
	return resp, err
}
