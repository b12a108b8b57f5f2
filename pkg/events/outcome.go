package events

// Outcome says why a run ended without a result.
type Outcome struct {
	Run      string   `json:"run"`
	Identity Identity `json:"identity"`
	Code     Code     `json:"code"`
	Message  string   `json:"message"`        // one sentence: what happened
	Hint     string   `json:"hint,omitempty"` // one sentence: what to do
	Step     string   `json:"step,omitempty"` // the service in whose step it happened
}

// Validate reports the first missing field.
func (o Outcome) Validate() error {
	switch {
	case o.Run == "":
		return field("run", "a run id", "")
	case o.Code == "":
		return field("code", "a reason code", "")
	case o.Message == "":
		return field("message", "a sentence", "")
	}
	return nil
}

// RunRejected says that a request was not accepted.
type RunRejected struct {
	Outcome
	// Existing is the run that answers the request instead of one of its own: with the code coalesced the one that is under
	// way for the target, with cooldown the one that has just analyzed it. It is empty with any other code.
	Existing string `json:"existing,omitempty"`
}

// Validate reports the first missing or wrong field.
func (r RunRejected) Validate() error {
	if err := r.Outcome.Validate(); err != nil {
		return err
	}
	if r.Existing != "" && Token(r.Existing) != r.Existing {
		return field("existing", "a run id", r.Existing)
	}
	return nil
}

// EventType implements Payload.
func (RunRejected) EventType() Type { return TypeRunRejected }

// RunFailed says that an accepted run ended without a result.
type RunFailed struct{ Outcome }

// EventType implements Payload.
func (RunFailed) EventType() Type { return TypeRunFailed }

// RunCancelled says that a run was ended on request.
type RunCancelled struct{ Outcome }

// EventType implements Payload.
func (RunCancelled) EventType() Type { return TypeRunCancelled }

// Notification says what became of one delivery through one channel.
type Notification struct {
	Run      string   `json:"run"`
	Identity Identity `json:"identity"`
	Channel  string   `json:"channel"`
	Route    string   `json:"route,omitempty"`
	Event    Type     `json:"event"` // what was told
	Attempt  int      `json:"attempt"`
	Code     Code     `json:"code,omitempty"`    // why it failed
	Message  string   `json:"message,omitempty"` // one sentence, without secrets
}

// Validate reports the first missing field.
func (n Notification) Validate() error {
	switch {
	case n.Run == "":
		return field("run", "a run id", "")
	case n.Channel == "":
		return field("channel", "a channel name", "")
	case !n.Event.Known():
		return field("event", "an event type", string(n.Event))
	}
	return nil
}

// NotificationSent says that a channel took a message.
type NotificationSent struct{ Notification }

// EventType implements Payload.
func (NotificationSent) EventType() Type { return TypeNotificationSent }

// NotificationFailed says that a channel was given up for a message.
type NotificationFailed struct{ Notification }

// EventType implements Payload.
func (NotificationFailed) EventType() Type { return TypeNotificationFailed }
