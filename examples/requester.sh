#!/bin/sh
# Asks for a profile and reads the result with nothing but the `nats` command (https://github.com/nats-io/natscli).
#
#   examples/requester.sh plain        publish plain JSON, without waiting for anything
#   examples/requester.sh req          publish plain JSON and print the server's acknowledgement
#   examples/requester.sh structured   publish a CloudEvent in structured mode
#   examples/requester.sh binary       publish a CloudEvent in binary mode
#   examples/requester.sh subscribe    make a durable consumer of the recommendations (as an administrator)
#   examples/requester.sh next         read the next recommendation with it and acknowledge it
#
# NATS_URL, NATS_USER, NATS_PASSWORD and NATS_CREDS are read by `nats`. TARGET is JSON, SUBJECT the subject for requests,
# ID the id of a CloudEvent (the same SOURCE and ID are the same run), DURABLE the name of the consumer. A subscriber of
# `squirrly nats-users` has its durable and sets NATS_API_PREFIX=SQUIRRLY.API, DURABLE=subscriber-$NATS_USER.
set -eu

target=${TARGET:-'{"url":"http://127.0.0.1:8081"}'}
subject=${SUBJECT:-squirrly.v1.profile.requested}
source=${SOURCE:-requester.sh}
id=${ID:-$(date +%s)-$$}
durable=${DURABLE:-audit}
type=dev.squirrly.profile.requested.v1
request='{"target":'$target',"duration":"'${DURATION:-30s}'","reason":"requester.sh"}'

# An inbox of one's own, for users who may listen on no other.
call() { "${NATS:-nats}" --inbox-prefix="_INBOX_${NATS_USER:-requester}" ${NATS_API_PREFIX:+--js-api-prefix="$NATS_API_PREFIX"} "$@"; }

# Without --no-templates, `nats` would take {{ … }} in a prompt for its own.
case ${1:-} in
plain) call pub --no-templates "$subject" "$request" ;;
req) call req --no-templates --raw "$subject" "$request" ;;
structured)
	call req --no-templates --raw -H Content-Type:application/cloudevents+json "$subject" \
		'{"specversion":"1.0","id":"'"$id"'","source":"'"$source"'","type":"'$type'","data":'"$request"'}'
	;;
binary)
	call req --no-templates --raw -H ce-specversion:1.0 -H "ce-id:$id" -H "ce-source:$source" -H ce-type:$type \
		-H Content-Type:application/json "$subject" "$request"
	;;
subscribe)
	call consumer add SQUIRRLY_EVENTS "$durable" --pull --ack explicit --deliver all --replay instant \
		--filter 'squirrly.v1.recommendation.ready.>' --defaults
	;;
next) call consumer next SQUIRRLY_EVENTS "$durable" --ack --raw --timeout "${TIMEOUT:-10m}" ;;
*)
	sed -n '2,13s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
