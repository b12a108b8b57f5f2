package artifact

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// survey compares all metadata with the number of chunks that the leader has of each.
func (j jetStream) survey(ctx context.Context) (Survey, error) {
	all := Survey{Objects: map[string]Found{}}
	s, err := j.bound(ctx)
	if err != nil {
		return all, err
	}
	chunks, err := j.subjects(ctx, s, j.chunks(">"))
	if err != nil {
		return all, err
	}
	metadata, err := j.subjects(ctx, s, j.subject("M", ">"))
	if err != nil {
		return all, err
	}
	for subject := range metadata {
		name, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(subject, j.subject("M", "")))
		if err != nil {
			all.Objects[subject] = Found{Broken: fmt.Errorf("%w: its name: %w", ErrCorrupt, err)}
			continue
		}
		key := string(name)
		info, err := j.info(ctx, s, key)
		if err == nil {
			n := chunks[j.chunks(info.NUID)]
			delete(chunks, j.chunks(info.NUID))
			if n == uint64(info.Chunks) {
				all.Objects[key] = Found{Size: int64(min(info.Size, MaxBytes+1)), SHA256: digestOf(info)}
				continue
			}
			err = j.again(ctx, s, key, all)
		}
		switch {
		case errors.Is(err, ErrCorrupt):
			all.Objects[key] = Found{Broken: err}
		case err != nil && !errors.Is(err, ErrGone):
			return all, err
		}
	}
	all.Unfinished = len(chunks)
	return all, nil
}

// again looks at an object whose metadata and chunks were listed at different times.
func (j jetStream) again(ctx context.Context, s jetstream.Stream, key string, all Survey) error {
	info, err := j.info(ctx, s, key)
	if err != nil {
		return err
	}
	st, err := j.look(ctx, s, info)
	if err == nil {
		all.Objects[key] = Found{Size: st.size, SHA256: st.sha256, Broken: st.broken}
	}
	return err
}

// subjects counts the messages of each subject below a filter.
func (j jetStream) subjects(ctx context.Context, s jetstream.Stream, filter string) (map[string]uint64, error) {
	now, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, jetStreamError(err)
	}
	return now.State.Subjects, nil
}
