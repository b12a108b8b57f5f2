package dev.squirrly.cases;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** The stock of each warehouse; the bad variant adds up all its articles again whenever one of them changes. */
public final class MapScan {
    private static final long WAREHOUSES = 8;
    private static final long ARTICLES = 500;

    private MapScan() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(7_000), Types.LONG, i -> (long) i * 31)
                .keyBy(change -> change % WAREHOUSES, Types.LONG)
                .map(options.bad() ? new StockFunction() : new RunningStockFunction())
                .returns(Types.LONG)
                .name("stock")
                .uid("stock")
                .sinkTo(new DiscardingSink<>())
                .name("stocks")
                .uid("stocks")
                .disableChaining();
        env.execute("map-scan");
    }

    /** What both variants keep: the pieces of each article, all of them there from the first change on. */
    abstract static class ArticlesFunction extends RichMapFunction<Long, Long> {
        transient MapState<Long, Long> articles;
        transient ValueState<Long> total;

        @Override
        public void open(OpenContext context) {
            articles = getRuntimeContext().getMapState(new MapStateDescriptor<>("articles", Types.LONG, Types.LONG));
            total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Types.LONG));
        }

        /** Fills the state of a warehouse that was not seen before. */
        void prefill() throws Exception {
            if (total.value() == null) {
                for (long article = 0; article < ARTICLES; article++) {
                    articles.put(article, 1L);
                }
                total.update(ARTICLES);
            }
        }
    }

    static final class StockFunction extends ArticlesFunction {
        @Override
        public Long map(Long change) throws Exception {
            prefill();
            articles.put(change % ARTICLES, change);
            long sum = 0;
            for (long pieces : articles.values()) {
                sum += pieces;
            }
            return sum;
        }
    }

    static final class RunningStockFunction extends ArticlesFunction {
        @Override
        public Long map(Long change) throws Exception {
            prefill();
            long article = change % ARTICLES;
            long sum = total.value() + change - articles.get(article);
            articles.put(article, change);
            total.update(sum);
            return sum;
        }
    }
}
