package prompt

// step is one attempt to make a prompt fit the model.
type step struct {
	in   Input
	note string // why the next one is tried, with the tokens of this one and the window
}

// steps returns the attempts in their order.
func steps(in Input) ([]step, error) {
	var out []step
	if in.Block == BlockHTML {
		out = append(out, step{in, "With the pages as captured the prompt has %d tokens, and %d fit the model: the compact " +
			"profile is sent instead."})
	}
	in.Block = BlockCompact
	var err error
	if in.Budget.Profile, err = in.Budget.share(in.Pages); err != nil {
		return nil, err
	}
	out = append(out, step{in, "The prompt has %d tokens, and %d fit the model: the context files are left out."})
	if in.Budget.Context > 0 {
		in.Budget.Context = -1
		out = append(out, step{in, "The prompt has %d tokens without context files, and %d fit the model: less of the " +
			"profile is sent."})
	}
	in.Budget.Profile = min(in.Budget.Profile, MaxProfileTokens/4)
	return append(out, step{in, "At least %d tokens are needed, and %d fit the model."}), nil
}

// Bounds of the profile in relation to the pages that it stands for.
const (
	largePage = 150_000 // bytes
	pageShare = 0.08    // of the tokens of a large page
	pageChunk = 32 << 10
)

// share returns the budget of the profile that the shortest of the large pages allows.
func (b Budget) share(pages []Page) (int, error) {
	budget := b.Profile
	for _, p := range pages {
		if len(p.Body) < largePage {
			continue
		}
		n, err := countUpTo(p.Body, int(float64(budget)/pageShare))
		if err != nil {
			return 0, err
		}
		budget = min(budget, int(float64(n)*pageShare))
	}
	return budget, nil
}

// countUpTo counts the tokens of a page by chunks until there are enough: a large page need not be counted whole.
func countUpTo(body []byte, enough int) (int, error) {
	total := 0
	for from := 0; from < len(body) && total < enough+1; from += pageChunk {
		n, err := CountTokens(string(body[from:min(len(body), from+pageChunk)]))
		if err != nil {
			return 0, err
		}
		total += n - 1 // a token may be cut in two between chunks
	}
	return total, nil
}
