package dev.squirrly.cases;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** One field of a large JSON text; the bad variant builds the tree of all of it, the good one reads tokens up to the field. */
public final class JsonTree {
    private static final int ITEMS = 40;

    private JsonTree() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(60_000), Types.STRING, JsonTree::order)
                .map(options.bad() ? new TreeFunction() : new TokensFunction())
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

    /** Reads tokens up to the field, which stands before the large part of the text, and no further. */
    static final class TokensFunction extends RichMapFunction<String, Double> {
        private transient JsonFactory factory;

        @Override
        public void open(OpenContext context) {
            factory = new JsonFactory();
        }

        @Override
        public Double map(String text) throws Exception {
            try (JsonParser parser = factory.createParser(text)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean wanted = parser.currentName().equals("amount");
                    parser.nextToken();
                    if (wanted) {
                        return parser.getDoubleValue();
                    }
                    parser.skipChildren();
                }
            }
            throw new IllegalArgumentException("an order without an amount");
        }
    }
}
