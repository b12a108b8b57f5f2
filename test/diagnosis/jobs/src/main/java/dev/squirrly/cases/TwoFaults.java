package dev.squirrly.cases;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.squirrly.cases.MapperPerRecord.Click;
import java.util.regex.Pattern;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Visits are read from JSON and checked; the bad variant makes a mapper and compiles an expression for each. */
public final class TwoFaults {
    private static final String PATH = "(?:/(?:item|shop|cart|help|news|jobs)/(?<number>[0-9]{1,12})(?:\\.(?:html?|json|xml))?"
            + "|/(?:search|filter|sort|compare)/(?<words>[\\p{L}\\p{N}+%_-]{1,120})(?:/page/(?<page>[0-9]{1,5}))?"
            + "|/(?:account|login|logout|password|address|payment)(?:/(?<step>new|edit|delete|confirm|done))?"
            + "|/(?:static|img|css|js|font)/(?<file>[\\p{Alnum}_/.-]{1,200})\\.(?:png|jpe?g|svg|gif|css|js|woff2?)"
            + "|/(?:api|rpc)/v(?<version>[0-9]{1,3})/(?<call>[\\p{Alpha}_]{1,64})(?:/(?<id>[\\p{XDigit}-]{8,36}))?)"
            + "(?:\\?(?:[\\p{Alnum}_]{1,32}=[\\p{Alnum}%+.~-]{0,200})(?:&[\\p{Alnum}_]{1,32}=[\\p{Alnum}%+.~-]{0,200})*)?";

    private TwoFaults() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(24_000), Types.STRING,
                        i -> "{\"user\":" + i + ",\"page\":\"/item/" + i + "\",\"millis\":" + i * 17 + "}")
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

    static final class VisitFunction implements MapFunction<String, String> {
        @Override
        public String map(String json) throws Exception {
            Click click = new ObjectMapper().readValue(json, Click.class);
            return click.page.matches(PATH) ? click.page : "unknown";
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
            Click click = mapper.readValue(json, Click.class);
            return PATHS.matcher(click.page).matches() ? click.page : "unknown";
        }
    }
}
