module squirrly.dev/services/notifier

go 1.26.0

require (
	squirrly.dev/internal v0.0.0
	squirrly.dev/pkg/events v0.0.0
)

require (
	code.dny.dev/ssrf v0.3.0 // indirect
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 // indirect
)

replace (
	squirrly.dev/internal => ../../internal
	squirrly.dev/pkg/events => ../../pkg/events
)
