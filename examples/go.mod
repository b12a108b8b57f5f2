module squirrly.dev/examples

go 1.26.0

require squirrly.dev/internal v0.0.0

replace (
	squirrly.dev/internal => ../internal
	squirrly.dev/pkg/events => ../pkg/events
)
