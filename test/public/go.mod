module squirrly.dev/test/public

go 1.26.0

require (
	go.yaml.in/yaml/v3 v3.0.5
	squirrly.dev/internal v0.0.0
)

replace (
	squirrly.dev/internal => ../../internal
	squirrly.dev/pkg/events => ../../pkg/events
)
