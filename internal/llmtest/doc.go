// Package llmtest is a stand-in for the servers of language models, for tests that need an LLM which behaves in a known
// way: honest, lying, obedient to planted instructions, broken or slow. One server speaks the protocols of OpenAI's chat
// completions, of Azure OpenAI, of Anthropic's messages and of Google's generateContent.
//
// It speaks real HTTP on the loopback and is strict about what it is asked, as the real server is: a request that the
// real server would refuse is refused and remembered as a problem. It is for tests only.
package llmtest
