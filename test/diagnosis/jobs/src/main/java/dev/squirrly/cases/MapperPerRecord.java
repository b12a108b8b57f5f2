package dev.squirrly.cases;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Clicks are read from JSON; the bad variant makes a mapper for each. */
public final class MapperPerRecord {
    private MapperPerRecord() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(36_000), Types.STRING,
                        i -> "{\"user\":" + i + ",\"page\":\"/item/" + i + "\",\"millis\":" + i * 17 + "}")
                .map(options.bad() ? new ClickFunction() : new ClickWithOneMapperFunction())
                .returns(Types.STRING)
                .name("clicks")
                .uid("clicks")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("pages")
                .uid("pages")
                .disableChaining();
        env.execute("mapper-per-record");
    }

    public static final class Click {
        public long user;
        public String page;
        public long millis;
        public String session, referrer, agent, language, country, campaign, shop, device;
        public int width, height, scroll, position, buttons;
        public double price, score;
        public boolean touch, bot;
    }

    static final class ClickFunction implements MapFunction<String, String> {
        @Override
        public String map(String json) throws Exception {
            return new ObjectMapper().readValue(json, Click.class).page;
        }
    }

    static final class ClickWithOneMapperFunction extends RichMapFunction<String, String> {
        private transient ObjectMapper mapper;

        @Override
        public void open(OpenContext context) {
            mapper = new ObjectMapper();
        }

        @Override
        public String map(String json) throws Exception {
            return mapper.readValue(json, Click.class).page;
        }
    }
}
