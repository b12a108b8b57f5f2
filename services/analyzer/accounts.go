package analyzer

import (
	"squirrly.dev/internal/daemon"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Accounts are what the well-known variables of the providers say. Each is used for its own provider alone, so that no
// provider ever sees the key of another.
type Accounts struct {
	OpenAIKey       daemon.Secret `env:"OPENAI_API_KEY" about:"key of OpenAI"`
	OpenAIURL       string        `env:"OPENAI_BASE_URL" about:"base URL instead of that of OpenAI"`
	OpenAIModel     string        `env:"OPENAI_MODEL" about:"model of OpenAI"`
	AzureKey        daemon.Secret `env:"AZURE_OPENAI_API_KEY" about:"key of Azure OpenAI"`
	AzureEndpoint   string        `env:"AZURE_OPENAI_ENDPOINT" about:"URL of the Azure OpenAI resource"`
	AzureDeployment string        `env:"AZURE_OPENAI_DEPLOYMENT" about:"deployment in it"`
	AzureVersion    string        `env:"AZURE_OPENAI_API_VERSION" about:"version of its API"`
	AnthropicKey    daemon.Secret `env:"ANTHROPIC_API_KEY" about:"key of Anthropic"`
	AnthropicURL    string        `env:"ANTHROPIC_BASE_URL" about:"base URL instead of that of Anthropic"`
	GeminiKey       daemon.Secret `env:"GEMINI_API_KEY" about:"key of Gemini"`
	GoogleKey       daemon.Secret `env:"GOOGLE_API_KEY" about:"of Gemini, by another name"`
	GeminiURL       string        `env:"GOOGLE_GEMINI_BASE_URL" about:"base URL instead of that of Gemini"`
	OpenRouterKey   daemon.Secret `env:"OPENROUTER_API_KEY" about:"key of OpenRouter"`
}

// account is what one provider is asked with.
type account struct {
	key           daemon.Secret
	url, model    string
	needs         string // the variable of the key
	urlVariable   string
	modelVariable string
}

// byAccount is the order in which an account chooses the provider.
var byAccount = []string{llm.OpenAI, llm.Azure, llm.Anthropic, llm.Gemini, openRouter}

const openRouter = "openrouter"

// of returns the account at a provider; one without well-known variables has an empty account.
func (a Accounts) of(provider string) account {
	switch provider {
	case llm.OpenAI:
		return account{
			key: a.OpenAIKey, url: a.OpenAIURL, model: a.OpenAIModel,
			needs: "OPENAI_API_KEY", urlVariable: "OPENAI_BASE_URL", modelVariable: "OPENAI_MODEL",
		}
	case llm.Azure:
		return account{
			key: a.AzureKey, url: a.AzureEndpoint, model: a.AzureDeployment,
			needs: "AZURE_OPENAI_API_KEY", urlVariable: "AZURE_OPENAI_ENDPOINT", modelVariable: "AZURE_OPENAI_DEPLOYMENT",
		}
	case llm.Anthropic:
		return account{key: a.AnthropicKey, url: a.AnthropicURL, needs: "ANTHROPIC_API_KEY", urlVariable: "ANTHROPIC_BASE_URL"}
	case llm.Gemini:
		key := a.GeminiKey
		if key == "" {
			key = a.GoogleKey
		}
		return account{key: key, url: a.GeminiURL, needs: "GEMINI_API_KEY", urlVariable: "GOOGLE_GEMINI_BASE_URL"}
	case openRouter:
		return account{key: a.OpenRouterKey, needs: "OPENROUTER_API_KEY"}
	}
	return account{}
}

// llmAliases are the well-known names: SQUIRRLY_OPENAI_API_KEY is also OPENAI_API_KEY.
var llmAliases = func() map[string]string {
	all := map[string]string{"SQUIRRLY_LLM_PROVIDER": "API_PROVIDER", "SQUIRRLY_PROMPT_FILE": "ANALYSIS_PROMPT_FILE"}
	for _, name := range []string{
		"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT",
		"AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_API_VERSION", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "GEMINI_API_KEY",
		"GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "OPENROUTER_API_KEY",
	} {
		all[daemon.Prefix+name] = name
	}
	return all
}()
