module squirrly.dev/services/trigger

go 1.26.0

require (
	squirrly.dev/internal v0.0.0
	squirrly.dev/pkg/events v0.0.0
)

require (
	k8s.io/apimachinery v0.37.2 // indirect
	k8s.io/client-go v0.37.2 // indirect
)

replace (
	squirrly.dev/internal => ../../internal
	squirrly.dev/pkg/events => ../../pkg/events
)
