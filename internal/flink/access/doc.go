// Package access is the one way to a client of Flink: it knows what each Flink cluster wants to be shown (a token, user and
// password, headers, a client certificate), whom to trust there, and which proxy leads there.
//
// It reads that from one YAML file, which an operator writes, or from the flags of a command line. Secrets stand in files
// of their own, which are read for each request, so that one that rotates is followed; the YAML file is read again when it
// changes. What was read is shown to the server that it is for and to nobody else: not to another host by a redirect, not
// in clear text unless the file says http://, and not in an error or a log, also where a server repeats it.
//
// It knows neither events nor runs. Which addresses may be reached at all is decided by package netguard.
package access
