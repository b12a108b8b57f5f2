package finding

import "slices"

// adopt gives findings whose fingerprints were made by other rules the new ones, so that they go on living. What is most
// alike goes first: the same rule at the same function, the same rule, the same kind of problem at the same function.
func (j *Job) adopt(r Run) {
	if j.Version == 0 || r.Version == 0 || r.Version == j.Version {
		return
	}
	taken := map[string]bool{} // fingerprints that some life has
	kept := map[*Life]bool{}
	for _, s := range r.Findings {
		if l := j.byFingerprint(s.Fingerprint); l != nil {
			taken[s.Fingerprint], kept[l] = true, true
		}
	}
	left := slices.DeleteFunc(slices.Clone(r.Findings), func(s Seen) bool { return taken[s.Fingerprint] })
	for _, is := range alike() {
		left = slices.DeleteFunc(left, func(s Seen) bool {
			i := slices.IndexFunc(j.Findings, func(l *Life) bool { return !kept[l] && family(l.Mode) == family(s.Mode) && is(l, s) })
			if i < 0 {
				return false
			}
			l := j.Findings[i]
			l.Fingerprint, kept[l] = s.Fingerprint, true
			return true
		})
	}
}

// alike are the ways in which a finding may be the one of before, the surest first.
func alike() []func(*Life, Seen) bool {
	return []func(*Life, Seen) bool{
		func(l *Life, s Seen) bool { return l.Rule == s.Rule && l.Anchor == s.Anchor && l.overlaps(s) },
		func(l *Life, s Seen) bool { return l.Rule == s.Rule && l.Anchor == s.Anchor },
		func(l *Life, s Seen) bool { return l.Rule == s.Rule && s.Rule != "" && l.overlaps(s) },
		func(l *Life, s Seen) bool { return l.Rule == s.Rule && s.Rule != "" },
		func(l *Life, s Seen) bool { return l.Category == s.Category && l.Anchor == s.Anchor },
	}
}

func (l *Life) overlaps(s Seen) bool {
	return slices.ContainsFunc(l.Vertices, func(v string) bool { return slices.Contains(s.Vertices, v) })
}
