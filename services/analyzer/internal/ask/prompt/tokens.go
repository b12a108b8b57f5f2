package prompt

import (
	"fmt"
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// codec is loaded once: its vocabulary is compiled in, so that counting needs no network.
var codec = sync.OnceValues(func() (tokenizer.Codec, error) {
	c, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return nil, fmt.Errorf("load the vocabulary o200k_base: %w", err)
	}
	return c, nil
})

// CountTokens returns the number of tokens of s in o200k_base. Models with another vocabulary differ by up to a
// quarter.
func CountTokens(s string) (int, error) {
	c, err := codec()
	if err != nil {
		return 0, err
	}
	n, err := c.Count(s)
	if err != nil {
		return 0, fmt.Errorf("count tokens: %w", err)
	}
	return n, nil
}
