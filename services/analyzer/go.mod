module squirrly.dev/services/analyzer

go 1.26.0

require (
	squirrly.dev/internal v0.0.0
	squirrly.dev/pkg/events v0.0.0
)

require (
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/dlclark/regexp2/v2 v2.5.1 // indirect
	github.com/failsafe-go/failsafe-go v0.9.8 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/influxdata/tdigest v0.0.1 // indirect
	github.com/sashabaranov/go-openai v1.43.0 // indirect
	github.com/tiktoken-go/tokenizer v0.10.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace (
	squirrly.dev/internal => ../../internal
	squirrly.dev/pkg/events => ../../pkg/events
)
