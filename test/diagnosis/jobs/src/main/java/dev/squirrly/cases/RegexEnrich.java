package dev.squirrly.cases;

import java.util.regex.Pattern;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Log lines get a class of trouble; the bad variant hands a long expression to {@code String.matches} for each. */
public final class RegexEnrich {
    private static final String TROUBLE = "(?i)^(?:(?<disk>disk (?:full|failure|quota exceeded|read-only|unmounted))"
            + "|(?<net>(?:connection|session|socket|channel) (?:reset|refused|timed out|closed|aborted by peer))"
            + "|(?<auth>(?:login|token|password|certificate|signature) (?:rejected|expired|revoked|unknown|invalid))"
            + "|(?<mem>(?:heap|stack|swap|page cache|direct memory) (?:exhausted|low|limit reached|overcommitted))"
            + "|(?<time>clock (?:skew|drift|jump) of [+-]?[0-9]{1,9}(?:\\.[0-9]{1,6})? ?(?:ms|s|us|ns))"
            + "|(?<http>(?:GET|PUT|POST|HEAD|PATCH|DELETE|OPTIONS) /[\\p{Alnum}/_.~-]{0,200} (?:4[0-9]{2}|5[0-9]{2}))"
            + "|(?<sql>(?:deadlock|constraint|duplicate key|lock wait) (?:detected|violated|found|timeout))"
            + "|(?<job>(?:task|job|stage|batch|step) [\\p{Alnum}_-]{1,40} (?:failed|killed|lost|restarted))"
            + "|(?<node>(?:node|host|rack|zone|broker) [\\p{Alnum}.:-]{1,80} (?:down|unreachable|draining|cordoned))"
            + "|(?<dns>(?:lookup|resolve) of [\\p{Alnum}.-]{1,253} (?:failed|timed out|refused|returned nothing))"
            + "|(?<tls>handshake (?:failed|aborted)(?:: (?:bad|unknown|expired) (?:certificate|cipher|version|mac))?)"
            + "|(?<queue>(?:queue|topic|partition) [\\p{Alnum}._-]{1,249} (?:full|lagging by [0-9]{1,12}|offline))"
            + "|(?<io>(?:read|write|sync|seek) of [0-9]{1,12} bytes at [0-9]{1,15} (?:failed|short|interrupted)))$";

    private RegexEnrich() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(60_000), Types.STRING, i -> i % 3 == 0 ? "disk full" : "started " + i)
                .map(options.bad() ? new EnrichFunction() : new EnrichWithPatternFunction())
                .returns(Types.STRING)
                .name("enrich")
                .uid("enrich")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("lines")
                .uid("lines")
                .disableChaining();
        env.execute("regex-enrich");
    }

    static final class EnrichFunction implements MapFunction<String, String> {
        @Override
        public String map(String line) {
            return line.matches(TROUBLE) ? "trouble" : "fine";
        }
    }

    static final class EnrichWithPatternFunction implements MapFunction<String, String> {
        private static final Pattern TROUBLES = Pattern.compile(TROUBLE);

        @Override
        public String map(String line) {
            return TROUBLES.matcher(line).matches() ? "trouble" : "fine";
        }
    }
}
