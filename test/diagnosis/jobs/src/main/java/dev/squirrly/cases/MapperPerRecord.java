package dev.squirrly.cases;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
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
        public Visitor visitor;
        public Device device;
        public Campaign campaign;
        public List<Item> items;
    }

    public static final class Visitor {
        public String name, language, country, city, segment;
        public long since, visits;
        public boolean bot, known;
    }

    public static final class Device {
        public String agent, system, maker;
        public int width, height, buttons;
        public boolean touch;
    }

    public static final class Campaign {
        public String name, channel, referrer;
        public double price;
        public long start, end;
    }

    public static final class Item {
        public long number, shop;
        public String title, currency;
        public double price, score;
        public int position;
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
