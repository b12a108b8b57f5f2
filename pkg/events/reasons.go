package events

import "maps"

// Code is a reason code: why a run was rejected or failed, a letter is dead, or an analysis is degraded.
type Code string

// The reason codes. [Code.Hint] says for each what to do.
const (
	CodeInvalidRequest    Code = "invalid_request"
	CodeUndecodable       Code = "undecodable"
	CodeForbidden         Code = "forbidden"
	CodeExpired           Code = "expired"
	CodeCoalesced         Code = "coalesced"
	CodeCooldown          Code = "cooldown"
	CodeNoPermit          Code = "no_permit"
	CodeOptedOut          Code = "opted_out"
	CodePolicyGone        Code = "policy_gone"
	CodeUnknownTarget     Code = "unknown_target"
	CodeTargetNotReady    Code = "target_not_ready"
	CodeUnreachable       Code = "target_unreachable"
	CodeUnauthorized      Code = "target_unauthorized"
	CodeTargetForbids     Code = "target_forbids"
	CodeMethodRefused     Code = "target_method_refused"
	CodeKerberos          Code = "target_kerberos"
	CodeRedirects         Code = "target_redirects"
	CodeLoginPage         Code = "target_login_page"
	CodeTLSUntrusted      Code = "tls_untrusted"
	CodeTLSWrongName      Code = "tls_wrong_name"
	CodeTLSExpired        Code = "tls_expired"
	CodeTLSClientCert     Code = "tls_client_certificate"
	CodeTLSFailed         Code = "tls_failed"
	CodeProxyUnreachable  Code = "proxy_unreachable"
	CodeProxyRefuses      Code = "proxy_refuses"
	CodeAccessBroken      Code = "access_broken"
	CodeNoRunningJob      Code = "no_running_job"
	CodeJobRestarting     Code = "job_restarting"
	CodeSeveralJobs       Code = "several_jobs"
	CodeUnknownJob        Code = "unknown_job"
	CodeJobGone           Code = "job_gone"
	CodeProfilingDisabled Code = "profiling_disabled"
	CodeDurationRange     Code = "duration_out_of_range"
	CodeProfilerBusy      Code = "profiler_busy"
	CodeModeRefused       Code = "mode_refused"
	CodeProfilerFailed    Code = "profiler_failed"
	CodeAllCapturesLost   Code = "all_captures_lost"
	CodeEmptyProfile      Code = "empty_profile"
	CodeBadProfile        Code = "bad_profile"
	CodeStoreUnavailable  Code = "store_unavailable"
	CodeArtifactCorrupt   Code = "artifact_corrupt"
	CodeArtifactGone      Code = "artifact_gone"
	CodeLLMUnavailable    Code = "llm_unavailable"
	CodeLLMBadAnswer      Code = "llm_bad_answer"
	CodeLLMBudget         Code = "llm_budget"
	CodeDeadlineExceeded  Code = "deadline_exceeded"
	CodeCrashLoop         Code = "crash_loop"
	CodeNoRecord          Code = "no_record"
	CodeRetriesExhausted  Code = "retries_exhausted"
	CodeCancelled         Code = "cancelled"
	CodeInternal          Code = "internal"
	CodeDeliveryFailed    Code = "delivery_failed"
	CodeChannelRefused    Code = "channel_refused"
)

// hints is the catalogue: one sentence for each code that says what to do.
var hints = map[Code]string{
	CodeInvalidRequest:    "Correct the named field of the request and send it again.",
	CodeUndecodable:       "Send a CloudEvent or a JSON object as docs/events.md shows; the message is kept as a dead letter.",
	CodeForbidden:         "Ask for a target that this subject and this server allow, or have the allow-list extended (SQUIRRLY_FLINK_ALLOW, SQUIRRLY_NAMESPACES).",
	CodeExpired:           "The request waited longer than its expires time; send it again.",
	CodeCoalesced:         "Follow the run that is already under way for this job: the field existing names it, and `squirrly runs watch` follows it.",
	CodeCooldown:          "Use the fresh result, of the run that the field existing names, or ask again when the cool-down (SQUIRRLY_COOLDOWN) is over.",
	CodeNoPermit:          "As many jobs are profiled as may be at a time (SQUIRRLY_PROFILES_AT_A_TIME); the request waits until a run ends.",
	CodeOptedOut:          "A TaskManager died while it was profiled: see its log, then allow the job again with `squirrly optouts lift CLUSTER/NAMESPACE/JOB`.",
	CodePolicyGone:        "Nothing is wanted: the policy that asked was taken out of the file of SQUIRRLY_POLICY while its request waited. If that was a mistake, put it back.",
	CodeUnknownTarget:     "Check cluster, namespace and name of the FlinkDeployment, or give the REST URL of the JobManager.",
	CodeTargetNotReady:    "Wait until the job is RUNNING, and its FlinkDeployment READY where there is one, then ask again.",
	CodeUnreachable:       "Check that the REST address of the JobManager can be reached from Squirrly (service, port, network policy).",
	CodeUnauthorized:      "Give the credentials of Flink, or correct them: tokenFile, or user and passwordFile, in the file of SQUIRRLY_FLINK_ACCESS (squirrly profile: --flink-token-file, or --flink-user and --flink-password-file).",
	CodeTargetForbids:     "Have the gateway in front of Flink allow this user or token to GET, and to POST to /taskmanagers/ID/profiler; where it takes a header of its own, give headerFile (squirrly profile: --flink-header-file).",
	CodeMethodRefused:     "Name a REST address of the JobManager that takes more than GET: what answers there is read-only, and a profile is started by POST to /taskmanagers/ID/profiler.",
	CodeKerberos:          "Kerberos is not spoken here: have the gateway take a token or user and password as well, or name the REST address of the JobManager behind it.",
	CodeRedirects:         "Name the address that is redirected to, if it is that of the JobManager; if it is that of a login, give the gateway a token (tokenFile or headerFile in the file of SQUIRRLY_FLINK_ACCESS), or name an address behind it.",
	CodeLoginPage:         "A page for people answers instead of Flink, often that of a login: give the gateway a token (tokenFile or headerFile in the file of SQUIRRLY_FLINK_ACCESS; squirrly profile: --flink-token-file), check the path of the URL, or name an address behind the gateway.",
	CodeTLSUntrusted:      "Name the certificate of the authority that signed the server's: caFile in the file of SQUIRRLY_FLINK_ACCESS (squirrly profile: --flink-ca-file).",
	CodeTLSWrongName:      "Name the target by a name that its certificate holds, or say which name to expect: serverName in the file of SQUIRRLY_FLINK_ACCESS (squirrly profile: --flink-server-name).",
	CodeTLSExpired:        "Have the certificate of the server renewed, and check the clocks of both machines.",
	CodeTLSClientCert:     "Give a client certificate that the server trusts: certFile and keyFile in the file of SQUIRRLY_FLINK_ACCESS (squirrly profile: --flink-cert-file and --flink-key-file).",
	CodeTLSFailed:         "Check that the URL has the scheme that the server speaks there (http or https), and which versions of TLS it takes (1.2 at least).",
	CodeProxyUnreachable:  "Check the address of the proxy in the file of SQUIRRLY_FLINK_ACCESS (squirrly profile: --flink-proxy), and that it reaches the JobManager.",
	CodeProxyRefuses:      "Give the proxy its credentials (proxyUser and proxyPasswordFile in the file of SQUIRRLY_FLINK_ACCESS), and have it allow the way to the JobManager.",
	CodeAccessBroken:      "Correct the named field of the file of SQUIRRLY_FLINK_ACCESS, or the file that it names; both are read again when they change.",
	CodeNoRunningJob:      "Start the job, or name another cluster; only a running job can be profiled.",
	CodeJobRestarting:     "The job fails and restarts: mend what the last failure says (the log of the TaskManager has its stack trace), or ask again while an attempt runs.",
	CodeSeveralJobs:       "Name one of the running jobs by id or name.",
	CodeUnknownJob:        "Name a running job of this cluster by id or name.",
	CodeJobGone:           "The job ended or was replaced during the run; ask again once it is running.",
	CodeProfilingDisabled: "Set rest.profiling.enabled: true in the configuration of the JobManager (Flink 1.19 or later) and restart it.",
	CodeDurationRange:     "Ask for a duration within the limit of the cluster (rest.profiling.duration-max, 5 min by default).",
	CodeProfilerBusy:      "Another profile runs in that JVM; the run waits for it, until its deadline.",
	CodeModeRefused:       "Profile in another mode (ITIMER and WALL work everywhere), or give the JVM or its container what the message says is missing.",
	CodeProfilerFailed:    "See the message of the profiler; a restart of the TaskManager frees a stuck profiler.",
	CodeAllCapturesLost:   "No TaskManager delivered a profile; check that the TaskManagers stay up, then ask again.",
	CodeEmptyProfile:      "The profile holds no samples; profile longer, or in another mode.",
	CodeBadProfile:        "The stored page is not a whole flame graph of async-profiler; profile again.",
	CodeStoreUnavailable:  "Check the artifact store (SQUIRRLY_S3_ENDPOINT, credentials, bucket); the run goes on when it is back.",
	CodeArtifactCorrupt:   "The artifact store lost part of what it had acknowledged; run `squirrly doctor --store`, mend the store, then profile again.",
	CodeArtifactGone:      "The artifact expired or was deleted; profile again.",
	CodeLLMUnavailable:    "Check the LLM endpoint, key and quota; the result is by rules alone.",
	CodeLLMBudget:         "Wait for the next day (UTC) or raise the budget (SQUIRRLY_LLM_BUDGET_*); the result is by rules alone.",
	CodeLLMBadAnswer:      "The LLM did not answer in the required form; the result is by rules alone.",
	CodeDeadlineExceeded:  "The run did not finish in time; see its history for what it waited for.",
	CodeCrashLoop:         "The step crashed five times; see the logs of the service, then replay the dead letter.",
	CodeNoRecord:          "The run has no record; check that all services use the same NATS account, then replay the dead letter.",
	CodeRetriesExhausted:  "The message was delivered five times without success; see the logs, then replay the dead letter.",
	CodeCancelled:         "The run was cancelled on request.",
	CodeInternal:          "This is a defect in Squirrly; please report it with the logs of the service.",
	CodeDeliveryFailed:    "Check the channel's endpoint; the notification is retried and then given up.",
	CodeChannelRefused:    "The endpoint refused the notification for good; check its address and secret.",
}

// Hint says in one sentence what to do about the reason. It is empty for an unknown code.
func (c Code) Hint() string { return hints[c] }

// Known reports whether the code is in the catalogue.
func (c Code) Known() bool { return hints[c] != "" }

// Codes returns every code of the catalogue with its hint.
func Codes() map[Code]string {
	all := make(map[Code]string, len(hints))
	maps.Copy(all, hints)
	return all
}
