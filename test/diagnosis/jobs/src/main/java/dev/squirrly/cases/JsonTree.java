package dev.squirrly.cases;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Two fields of a large JSON text; the bad variant builds the tree of all of it, the good one binds what it needs. */
public final class JsonTree {
    private static final int ITEMS = 40;

    private JsonTree() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(60_000), Types.STRING, JsonTree::order)
                .map(options.bad() ? new TreeFunction() : new BindFunction())
                .returns(Types.DOUBLE)
                .name("amount")
                .uid("amount")
                .startNewChain()
                .sinkTo(new DiscardingSink<>())
                .name("amounts")
                .uid("amounts")
                .disableChaining();
        env.execute("json-tree");
    }

    static String order(int i) {
        StringBuilder text = new StringBuilder("{\"id\":" + i + ",\"amount\":" + i + ".5,\"items\":[");
        for (int item = 0; item < ITEMS; item++) {
            text.append(item == 0 ? "" : ",").append("{\"sku\":\"s").append(item).append("\",\"n\":").append(i % 7 + item)
                    .append(",\"tags\":[\"a\",\"b\",\"c\"]}");
        }
        return text.append("]}").toString();
    }

    static final class TreeFunction extends RichMapFunction<String, Double> {
        private transient ObjectMapper mapper;

        @Override
        public void open(OpenContext context) {
            mapper = new ObjectMapper();
        }

        @Override
        public Double map(String text) throws Exception {
            return mapper.readTree(text).get("amount").asDouble();
        }
    }

    static final class BindFunction extends RichMapFunction<String, Double> {
        private transient ObjectReader reader;

        @Override
        public void open(OpenContext context) {
            reader = new ObjectMapper().readerFor(Order.class);
        }

        @Override
        public Double map(String text) throws Exception {
            return reader.<Order>readValue(text).amount;
        }
    }

    /** What the job needs of an order. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static class Order {
        public long id;
        public double amount;
    }
}
