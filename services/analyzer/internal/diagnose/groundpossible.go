package diagnose

// findPossible looks for what the rules do not report.
func (g *Ground) findPossible(one price, l *ledger) {}
