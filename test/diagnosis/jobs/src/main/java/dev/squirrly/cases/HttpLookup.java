package dev.squirrly.cases;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Orders get the price of an HTTP service that answers after 5 ms; the bad variant waits for each answer. */
public final class HttpLookup {
    private static final int CAPACITY = 64;

    private HttpLookup() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        String service = "http://127.0.0.1:" + options.sidecarPort() + "/price";
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<String> orders = Feed.of(env, options.rate(300), Types.STRING,
                i -> "order " + i + " " + "with all that the customer wrote beside it ".repeat(20));
        SingleOutputStreamOperator<String> priced = options.bad()
                ? orders.map(new PriceFunction(service))
                : AsyncDataStream.unorderedWait(orders, new PriceAsyncFunction(service), 10, TimeUnit.SECONDS, CAPACITY);
        priced.returns(Types.STRING)
                .name("price")
                .uid("price")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("orders")
                .uid("orders")
                .disableChaining();
        env.execute("http-lookup");
    }

    static final class PriceFunction extends RichMapFunction<String, String> {
        private final String service;
        private transient HttpClient client;
        private transient HttpRequest request;

        PriceFunction(String service) {
            this.service = service;
        }

        @Override
        public void open(OpenContext context) {
            client = HttpClient.newHttpClient();
            request = HttpRequest.newBuilder(URI.create(service)).build();
        }

        @Override
        public String map(String order) throws Exception {
            return client.send(request, BodyHandlers.ofString()).body();
        }
    }

    static final class PriceAsyncFunction extends RichAsyncFunction<String, String> {
        private final String service;
        private transient HttpClient client;
        private transient HttpRequest request;

        PriceAsyncFunction(String service) {
            this.service = service;
        }

        @Override
        public void open(OpenContext context) {
            client = HttpClient.newHttpClient();
            request = HttpRequest.newBuilder(URI.create(service)).build();
        }

        @Override
        public void asyncInvoke(String order, ResultFuture<String> result) {
            client.sendAsync(request, BodyHandlers.ofString()).whenComplete((answer, problem) -> {
                if (problem != null) {
                    result.completeExceptionally(problem);
                } else {
                    result.complete(List.of(answer.body()));
                }
            });
        }
    }
}
