package check

import (
	"fmt"
	"strings"
)

// count notes what became of a sentence.
func (c *checker) count(place, sentence string, v verdict) {
	claims := &c.result.Claims
	sentence = strings.ReplaceAll(clean(sentence), "\n", " ")
	switch v.status {
	case unchecked:
		return
	case verified:
		claims.Verified++
		return
	case corrected:
		claims.Corrected++
	case dropped:
		claims.Dropped++
		c.unverified(sentence, v)
	}
	c.result.Failed = append(c.result.Failed, Failure{
		Place: place, Text: sentence, Why: v.why, Corrected: v.status == corrected,
	})
}

// Limits of the unverified remarks.
const (
	maxRemarks = 20
	maxRemark  = 300 // bytes
)

// unverified keeps a dropped sentence where it is not taken for a fact. Links and planted text are not shown at all.
func (c *checker) unverified(sentence string, v verdict) {
	a := &c.result.Analysis
	remark := fmt.Sprintf("%s (%s)", sentence, v.why)
	if v.hide || c.planted.repeats(sentence) || linkForm.MatchString(sentence) {
		remark = fmt.Sprintf("A remark was removed: %s.", v.why)
	}
	if c.hidden[remark] || len(a.Unverified) >= maxRemarks {
		return
	}
	c.hidden[remark] = true
	if len(remark) > maxRemark {
		remark = strings.ToValidUTF8(remark[:maxRemark], "") + "…"
	}
	a.Unverified = append(a.Unverified, remark)
}
