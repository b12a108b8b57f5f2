module squirrly.dev/services/collector

go 1.26.0

require (
	squirrly.dev/internal v0.0.0
	squirrly.dev/pkg/events v0.0.0
)

replace (
	squirrly.dev/internal => ../../internal
	squirrly.dev/pkg/events => ../../pkg/events
)
