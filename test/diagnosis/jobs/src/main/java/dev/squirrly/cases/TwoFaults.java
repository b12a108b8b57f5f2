package dev.squirrly.cases;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.regex.Pattern;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Visits are read from JSON and checked; the bad variant makes a mapper and compiles an expression for each. */
public final class TwoFaults {
    private static final String PATH = "/(?:item|shop|cart|help)/(?<number>[0-9]{1,12})(?:\\.(?:html?|json|xml))?"
            + "(?:\\?(?:[\\p{Alnum}_]{1,32}=[\\p{Alnum}%+.~-]{0,200})(?:&[\\p{Alnum}_]{1,32}=[\\p{Alnum}%+.~-]{0,200})*)?";

    private TwoFaults() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(20_000), Types.STRING,
                        i -> "{\"user\":" + i + ",\"path\":\"/item/" + i + "\",\"millis\":" + i * 17 + "}")
                .map(options.bad() ? new VisitFunction() : new FastVisitFunction())
                .returns(Types.STRING)
                .name("visits")
                .uid("visits")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("paths")
                .uid("paths")
                .disableChaining();
        env.execute("two-faults");
    }

    public static final class Visit {
        public long user;
        public String path;
        public long millis;
    }

    static final class VisitFunction implements MapFunction<String, String> {
        @Override
        public String map(String json) throws Exception {
            Visit visit = new ObjectMapper().readValue(json, Visit.class);
            return visit.path.matches(PATH) ? visit.path : "unknown";
        }
    }

    static final class FastVisitFunction extends RichMapFunction<String, String> {
        private static final Pattern PATHS = Pattern.compile(PATH);

        private transient ObjectMapper mapper;

        @Override
        public void open(OpenContext context) {
            mapper = new ObjectMapper();
        }

        @Override
        public String map(String json) throws Exception {
            Visit visit = mapper.readValue(json, Visit.class);
            return PATHS.matcher(visit.path).matches() ? visit.path : "unknown";
        }
    }
}
