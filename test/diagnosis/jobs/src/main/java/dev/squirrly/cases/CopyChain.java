package dev.squirrly.cases;

import java.util.Date;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Orders of thirty fields go through six functions in one chain; the good variant reuses objects. */
public final class CopyChain {
    private CopyChain() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Configuration configuration = new Configuration();
        if (!options.bad()) { // the bad variant leaves it to the cluster
            configuration.set(PipelineOptions.OBJECT_REUSE, true);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        SingleOutputStreamOperator<Order> orders = Feed.of(env, options.rate(200_000), Types.LONG, i -> (long) i)
                .map(new OrderFunction())
                .name("order")
                .uid("order")
                .startNewChain();
        String[] steps = {"rebate", "tax", "freight", "currency", "rounding", "margin"};
        for (int i = 0; i < steps.length; i++) {
            orders = orders.map(new ChargeFunction(1 + i * 0.01)).name(steps[i]).uid(steps[i]);
        }
        orders.map(order -> order.amount)
                .returns(Types.DOUBLE)
                .name("amount")
                .uid("amount")
                .sinkTo(new DiscardingSink<>())
                .name("amounts")
                .uid("amounts")
                .disableChaining();
        env.execute("copy-chain");
    }

    /** Thirty fields, all of them read and written by reflection when Flink copies the order. */
    public static class Order {
        public long id, customer, shop, changed;
        public int lines, pieces, weight, parcels, priority, stage, attempts;
        public double amount, net, tax, freight, rebate, margin, rate;
        public String currency = "EUR", channel = "web", agent = "none", note = "";
        public Date created = new Date(0), due = new Date(0), paid = new Date(0), sent = new Date(0);
        public Address buyer = new Address(), payer = new Address(), seller = new Address(), carrier = new Address();
    }

    public static class Address {
        public String name = "", street = "", town = "", country = "";
        public int number, code;
    }

    static final class OrderFunction implements MapFunction<Long, Order> {
        @Override
        public Order map(Long number) {
            Order order = new Order();
            order.id = number;
            order.customer = number % 97;
            order.amount = number;
            return order;
        }
    }

    static final class ChargeFunction implements MapFunction<Order, Order> {
        private final double factor;

        ChargeFunction(double factor) {
            this.factor = factor;
        }

        @Override
        public Order map(Order order) {
            order.amount *= factor;
            order.attempts++;
            return order;
        }
    }
}
