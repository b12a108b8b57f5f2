package llm

import (
	"maps"
	"slices"

	"github.com/anthropics/anthropic-sdk-go"
)

// The protocols, which are also the names of the providers that defined them.
const (
	OpenAI    = "openai"
	Azure     = "azure"
	Anthropic = "anthropic"
	Gemini    = "gemini"
)

// DefaultAzureVersion is the API version of Azure OpenAI that is asked for when none is named: the first one that is not
// a preview and knows strict JSON schemas.
const DefaultAzureVersion = "2024-10-21"

// Preset is what is known about a provider by its name.
type Preset struct {
	BaseURL string // empty: it has to be given
	Model   string // asked when none is named; empty: one has to be named
	Keyless bool   // works without a key

	protocol string
	forms    []string // the ladder, of servers that speak the protocol of OpenAI
	bounded  bool     // enforces the bounds of lists and texts in a schema, instead of refusing them
}

// The ladders of servers that speak the protocol of OpenAI.
var (
	standard  = []string{FormSchema, FormObject, FormText}
	ownServer = []string{FormSchema, FormObjectSchema, FormObject, FormText}
)

// presets are the providers. Those after Gemini are servers that speak the protocol of OpenAI: routers first, then what runs
// on machines of one's own. llama-cpp-python takes json_schema and ignores it without a word; LM Studio refuses json_object.
var presets = map[string]Preset{
	OpenAI:       {BaseURL: "https://api.openai.com/v1", Model: "gpt-5-mini", protocol: OpenAI, forms: standard},
	Azure:        {protocol: Azure, forms: standard},
	Anthropic:    {BaseURL: "https://api.anthropic.com", Model: anthropic.ModelClaudeSonnet5_5, protocol: Anthropic},
	Gemini:       {BaseURL: "https://generativelanguage.googleapis.com", Model: "gemini-flash-latest", protocol: Gemini},
	"openrouter": {BaseURL: "https://openrouter.ai/api/v1", protocol: OpenAI, forms: standard},
	"litellm":    {BaseURL: "http://localhost:4000/v1", Keyless: true, protocol: OpenAI, forms: standard},
	"ollama":     {BaseURL: "http://localhost:11434/v1", Keyless: true, protocol: OpenAI, forms: standard, bounded: true},
	"vllm":       {BaseURL: "http://localhost:8000/v1", Keyless: true, protocol: OpenAI, forms: standard, bounded: true},
	"lmstudio":   {BaseURL: "http://localhost:1234/v1", Keyless: true, protocol: OpenAI, forms: []string{FormSchema, FormText}, bounded: true},
	"llamacpp":   {BaseURL: "http://localhost:8080/v1", Keyless: true, protocol: OpenAI, forms: ownServer, bounded: true},
	"llama-cpp-python": {
		BaseURL: "http://localhost:8000/v1", Keyless: true, protocol: OpenAI, forms: []string{FormObjectSchema, FormObject, FormText}, bounded: true,
	},
}

// Named returns what is known about a provider, and whether the name is one.
func Named(name string) (Preset, bool) {
	p, ok := presets[name]
	return p, ok
}

// Names are the names of all providers, sorted.
func Names() []string { return slices.Sorted(maps.Keys(presets)) }

func preset(name string) Preset { return presets[name] }
