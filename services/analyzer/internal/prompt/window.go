package prompt

// step is one attempt to make a prompt fit the model.
type step struct {
	in   Input
	note string // why the next one is tried, with the tokens of this one and the window
}

// steps returns the attempts in their order.
func steps(in Input) []step {
	var out []step
	if in.Block == BlockHTML {
		out = append(out, step{in, "With the pages as captured the prompt has %d tokens, and %d fit the model: the compact " +
			"profile is sent instead."})
	}
	in.Block = BlockCompact
	if small := in.Budget.share(in.Pages); small < in.Budget.Profile {
		in.Budget.Profile = small
	}
	out = append(out, step{in, "The prompt has %d tokens, and %d fit the model: the context files are left out."})
	if in.Budget.Context > 0 {
		in.Budget.Context = -1
		out = append(out, step{in, "The prompt has %d tokens without context files, and %d fit the model: less of the " +
			"profile is sent."})
	}
	in.Budget.Profile = min(in.Budget.Profile, MaxProfileTokens/4)
	return append(out, step{in, "At least %d tokens are needed, and %d fit the model."})
}

// Bounds of the profile in relation to the page that it stands for.
const (
	largePage    = 150_000 // bytes
	pageShare    = 0.08    // of the tokens of a large page
	pageTokenMax = 5.2     // bytes of a page that a token holds at most: names of the longest words measured 4.9
)

// share returns the budget of the profile that the smallest of the large pages allows.
func (b Budget) share(pages []Page) int {
	budget := b.Profile
	for _, p := range pages {
		if n := len(p.Body); n >= largePage {
			budget = min(budget, int(float64(n)/pageTokenMax*pageShare))
		}
	}
	return budget
}
