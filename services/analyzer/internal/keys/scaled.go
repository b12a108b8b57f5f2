package keys

// Scaled returns the value in force, or the default, so many times over, within the key's bounds and as its type is written:
// "512 mb", "2 s", a whole number. ok is false when no value is known, when its size means something else (0 is off, -1 is
// derived), when the type has no size, or when the bounds leave nothing of the change.
func Scaled(job Job, key string, factor float64) (value string, ok bool) {
	k, listed := Lookup(key)
	if !listed {
		k = Key{Name: key}
	}
	o, known := lookup(key, job.Flink)
	now, _ := job.InForce(key)
	q, err := o.kind.parse(now)
	if !known || now == "" || err != nil || !q.sized || q.amount <= 0 || factor <= 0 {
		return "", false
	}
	value, ok = o.kind.format(k.bounded(o.kind, q.amount*factor))
	order, comparable := o.kind.compare(value, now)
	if !ok || !comparable || order == 0 || (order > 0) != (factor > 1) || k.turned(job, o.kind, value) != (Refusal{}) {
		return "", false
	}
	return value, true
}

// bounded brings an amount within the bounds of a key.
func (k Key) bounded(kind Type, amount float64) float64 {
	if least, err := kind.parse(k.Min); err == nil && least.sized {
		amount = max(amount, least.amount)
	}
	if most, err := kind.parse(k.Max); err == nil && most.sized {
		amount = min(amount, most.amount)
	}
	return amount
}
