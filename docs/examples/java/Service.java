// A payment service in one file of Java, for `java Service.java`: the JDK alone. It sells two plans for 30 days and
// refuses what a service may refuse: a second order while a plan runs, a second quote while one can be paid, an upgrade
// while a downgrade waits. Time is set by tests alone (POST /test/time), which does what is due.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Service {
    static final long LIFE = 900_000, DAY = 86_400_000, CYCLE = 30 * DAY, HOUR = 3_600_000, ZONE = 7 * HOUR;
    static final int[] RETRIES_S = {5, 300, 1800, 7200};
    static final Map<String, String> KHR = Map.of("BASIC", "2000", "FULL", "4000"), USD = Map.of("BASIC", "0.50", "FULL", "1.00");
    final Map<String, String> env = System.getenv();
    final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    final Map<String, Payment> payments = new LinkedHashMap<>();
    final Map<String, Subscription> subscriptions = new HashMap<>();
    final List<Message> outbox = new ArrayList<>();
    final ArrayDeque<Long> admitted = new ArrayDeque<>();
    Long testTime;
    long quiet, count;

    static class Problem extends RuntimeException {
        final int status;
        final Map<String, String> headers;
        Problem(int status, String detail, Map<String, String> headers) { super(detail); this.status = status; this.headers = headers; }
        Problem(int status, String detail) { this(status, detail, Map.of()); }
    }

    /** buys: order, upgrade or bill. until: the end of the cycle that an upgrade or a bill is about. */
    static class Payment {
        String md5, qr, user, plan, currency, amount, buys, state = "open";
        long ends, until;
        boolean lives(long now) { return state.equals("open") && now < ends; }
    }

    static class Subscription { String plan, currency; long ends; Long lowerAt; }

    static class Message { String id, body; Long due; int tries; }

    long now() { return testTime == null ? System.currentTimeMillis() : testTime; }

    // KHQR: tags in NBC's order, then the CRC.
    static String tlv(String tag, String value) { return tag + String.format("%02d", value.length()) + value; }

    static String crc16(String text) {
        int crc = 0xffff;
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            crc ^= (one & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
        }
        return String.format("%04X", crc);
    }

    Payment make(String user, String plan, String currency, String amount, String buys, long until) throws Exception {
        Payment made = new Payment();
        made.user = user; made.plan = plan; made.currency = currency; made.amount = amount; made.buys = buys;
        made.until = until; made.ends = now() + LIFE;
        String text = tlv("00", "01") + tlv("01", "12") + tlv("29", tlv("00", env.get("MERCHANT"))) + tlv("52", "5999")
            + tlv("53", currency.equals("USD") ? "840" : "116") + tlv("54", amount) + tlv("58", "KH") + tlv("59", "Java Shop")
            + tlv("60", "Phnom Penh") + tlv("62", tlv("01", "J-" + ++count))
            + tlv("99", tlv("00", "" + now()) + tlv("01", "" + made.ends)) + "6304";
        made.qr = text + crc16(text);
        made.md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(made.qr.getBytes(StandardCharsets.UTF_8)));
        payments.put(made.md5, made);
        return made;
    }

    static String price(String plan, String currency) { return (currency.equals("USD") ? USD : KHR).get(plan); }

    // What is asked of it

    Map<String, Object> create(Map<String, Object> body) throws Exception {
        String user = user(body);
        if (!(body.get("plan") instanceof String plan) || !USD.containsKey(plan)) throw new Problem(422, "plan");
        if (!(body.get("currency") instanceof String currency) || !currency.matches("USD|KHR")) throw new Problem(422, "currency");
        if (!(body.get("amount") instanceof BigDecimal amount) || amount.compareTo(new BigDecimal(price(plan, currency))) != 0)
            throw new Problem(422, "amount");
        if (running(user) != null) throw new Problem(409, "a plan runs: renew or upgrade it");
        return shown(make(user, plan, currency, price(plan, currency), "order", 0));
    }

    Map<String, Object> upgrade(String user) throws Exception {
        Subscription held = held(user);
        if (held.plan.equals("FULL")) throw new Problem(409, held.lowerAt == null ? "nothing is better" : "a downgrade waits");
        for (Payment one : payments.values())
            if (one.user.equals(user) && one.buys.equals("upgrade") && one.lives(now())) throw new Problem(409, "a quote can be paid");
        long unit = held.currency.equals("USD") ? 100 : 1, total = CYCLE / 1000, left = held.ends / 1000 - now() / 1000;
        long difference = minor(price("FULL", held.currency), unit) - minor(price("BASIC", held.currency), unit);
        long due = Math.floorDiv(2 * difference * left + total, 2 * total);
        if (due == 0) {
            held.plan = "FULL";
            return Map.of("amount", BigDecimal.ZERO);
        }
        String amount = unit == 1 ? "" + due : String.format("%d.%02d", due / 100, due % 100);
        return shown(make(user, "FULL", held.currency, amount, "upgrade", held.ends));
    }

    static long minor(String amount, long unit) { return new BigDecimal(amount).multiply(BigDecimal.valueOf(unit)).longValueExact(); }

    Map<String, Object> downgrade(String user) {
        Subscription held = held(user);
        if (held.plan.equals("BASIC")) throw new Problem(409, "nothing is below");
        if (held.lowerAt == null) held.lowerAt = held.ends;
        return Map.of("effective", held.lowerAt);
    }

    Map<String, Object> renew(String user) throws Exception {
        Subscription held = held(user);
        String plan = held.lowerAt == null ? held.plan : "BASIC";
        for (Payment one : payments.values())
            if (one.user.equals(user) && one.buys.equals("bill") && one.lives(now()) && one.until == held.ends && one.plan.equals(plan))
                return shown(one);
        return shown(make(user, plan, held.currency, price(plan, held.currency), "bill", held.ends));
    }

    Map<String, Object> subscription(String user) {
        Subscription held = running(user);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("active", held != null);
        answer.put("plan", held == null ? null : held.plan);
        answer.put("ends", held == null ? null : Instant.ofEpochMilli(held.ends).toString());
        return answer;
    }

    Subscription running(String user) {
        Subscription held = subscriptions.get(user);
        if (held == null || held.ends <= now()) return null;
        if (held.lowerAt != null && now() >= held.lowerAt) { held.plan = "BASIC"; held.lowerAt = null; }
        return held;
    }

    Subscription held(String user) {
        Subscription held = running(user);
        if (held == null) throw new Problem(409, "no plan runs");
        return held;
    }

    static Map<String, Object> shown(Payment one) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("md5", one.md5); answer.put("qr", one.qr); answer.put("user", one.user); answer.put("state", one.state);
        answer.put("amount", new BigDecimal(one.amount)); answer.put("expires", Instant.ofEpochMilli(one.ends).toString());
        return answer;
    }

    // What Bakong says; null where it says nothing that can be believed, or has said that the day's calls are spent.
    Map<?, ?> ask(String md5) {
        if (now() < quiet) return null;
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(env.get("BAKONG_URL") + "/v1/check_transaction_by_md5"))
                .version(HttpClient.Version.HTTP_1_1).timeout(Duration.ofSeconds(5)).header("content-type", "application/json")
                .header("authorization", "Bearer " + env.get("BAKONG_TOKEN"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"md5\":\"" + md5 + "\"}")).build();
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (!(Json.read(answer.body()) instanceof Map<?, ?> said)) return null;
            if (is(said.get("errorCode"), 17)) { quiet = Math.floorDiv(now() + ZONE, DAY) * DAY + DAY - ZONE; return null; }
            return answer.statusCode() == 200 && (is(said.get("responseCode"), 0) || is(said.get("responseCode"), 1)) ? said : null;
        } catch (Exception silent) { return null; }
    }

    static boolean is(Object value, long number) { return value instanceof BigDecimal one && one.compareTo(BigDecimal.valueOf(number)) == 0; }

    void refresh(Payment one) {
        Map<?, ?> said = one.state.equals("paid") ? null : ask(one.md5);
        if (said == null) return;
        if (is(said.get("responseCode"), 0) && said.get("data") instanceof Map<?, ?> data && fits(one, data)) {
            one.state = "paid";
            tell("payment.paid", one);
            grant(one);
        } else if (is(said.get("errorCode"), 3) && one.state.equals("open")) {
            one.state = "failed";
            tell("payment.failed", one);
        } else if (is(said.get("errorCode"), 1) && now() >= one.ends && one.state.equals("open")) {
            one.state = "expired";
            tell("payment.expired", one);
        }
    }

    boolean fits(Payment one, Map<?, ?> data) {
        return data.get("amount") instanceof BigDecimal amount && amount.compareTo(new BigDecimal(one.amount)) == 0
            && one.currency.equals(data.get("currency")) && env.get("MERCHANT").equals(data.get("toAccountId"));
    }

    /** What does not fit any more (a bill that was paid before, an upgrade of what has run out) buys nothing. */
    void grant(Payment paid) {
        Subscription held = running(paid.user);
        if (paid.buys.equals("upgrade")) {
            if (held != null && now() < paid.until) { held.plan = "FULL"; held.lowerAt = null; }
        } else if (held == null) {
            Subscription begun = new Subscription();
            begun.plan = paid.plan; begun.currency = paid.currency; begun.ends = now() + CYCLE;
            subscriptions.put(paid.user, begun);
        } else if (!paid.buys.equals("bill") || paid.until == held.ends) {
            held.ends += CYCLE;
            if (paid.plan.equals("FULL")) held.plan = "FULL";
        }
    }

    void tell(String type, Payment one) {
        Message message = new Message();
        message.id = "msg_" + ++count; message.due = now();
        message.body = Json.write(Map.of("type", type, "timestamp", Instant.ofEpochMilli(now()).toString(), "data", Map.of("md5", one.md5, "user", one.user)));
        outbox.add(message);
    }

    // Standard Webhooks: HMAC-SHA256 over id.timestamp.body, the same id on every try.
    void deliver() throws Exception {
        List<Message> due = new ArrayList<>();
        synchronized (this) {
            for (Message message : outbox) if (message.due != null && message.due <= now()) { due.add(message); message.due = null; }
        }
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(env.get("WEBHOOK_SECRET").substring("whsec_".length())), "HmacSHA256"));
        for (Message message : due) {
            String stamp = "" + now() / 1000, signed = message.id + "." + stamp + "." + message.body;
            HttpRequest request = HttpRequest.newBuilder(URI.create(env.get("WEBHOOK_URL"))).version(HttpClient.Version.HTTP_1_1)
                .timeout(Duration.ofSeconds(5)).header("content-type", "application/json").header("webhook-id", message.id)
                .header("webhook-timestamp", stamp)
                .header("webhook-signature", "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))))
                .POST(HttpRequest.BodyPublishers.ofString(message.body)).build();
            int status = 0;
            try { status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode(); } catch (IOException silent) { status = 0; }
            synchronized (this) {
                if (status / 100 == 2 || message.tries == RETRIES_S.length) outbox.remove(message);
                else message.due = now() + 1000L * RETRIES_S[message.tries++];
            }
        }
    }

    /** A hundred a minute, by the instants of those that were let in; what is left. */
    long limit() {
        while (!admitted.isEmpty() && admitted.peek() <= now() - 60_000) admitted.poll();
        if (admitted.size() >= 100)
            throw new Problem(429, "slow down", Map.of("retry-after", "" + (admitted.peek() + 60_999 - now()) / 1000));
        admitted.add(now());
        return 100 - admitted.size();
    }

    static String user(Map<String, Object> body) {
        if (!(body.get("user") instanceof String user) || !user.matches("[\\x21-\\x7e]{1,64}")) throw new Problem(422, "user");
        return user;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> parsed(byte[] raw) {
        try {
            if (Json.read(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString()) instanceof Map<?, ?> body)
                return (Map<String, Object>) body;
        } catch (CharacterCodingException | RuntimeException wrong) { throw new Problem(400, "no JSON"); }
        throw new Problem(422, "expected an object");
    }

    Object answered(HttpExchange call, byte[] raw) throws Exception {
        String path = call.getRequestURI().getRawPath(), method = call.getRequestMethod();
        if (path.equals("/health")) return Map.of("status", "ok");
        if (path.equals("/test/time")) {
            testTime = ((BigDecimal) parsed(raw).get("now_ms")).longValueExact();
            for (Payment one : List.copyOf(payments.values()))
                if (!one.state.equals("paid") && (one.state.equals("open") || now() < one.ends + DAY)) refresh(one);
            return Map.of();
        }
        byte[] given = Objects.requireNonNullElse(call.getRequestHeaders().getFirst("authorization"), "").getBytes(StandardCharsets.ISO_8859_1);
        if (!MessageDigest.isEqual(given, ("Bearer " + env.get("API_KEY")).getBytes(StandardCharsets.ISO_8859_1))) throw new Problem(401, "key");
        long left = limit();
        Object answer = route(method, path, raw);
        call.getResponseHeaders().add("ratelimit-policy", "\"default\";q=100;w=60");
        call.getResponseHeaders().add("ratelimit", "\"default\";r=" + left + ";t=" + (admitted.peek() + 60_999 - now()) / 1000);
        return answer;
    }

    Object route(String method, String path, byte[] raw) throws Exception {
        String[] parts = path.split("/", -1);
        if (method.equals("POST")) {
            switch (path) {
                case "/orders": return create(parsed(raw));
                case "/upgrades": return upgrade(user(parsed(raw)));
                case "/downgrades": return downgrade(user(parsed(raw)));
                case "/bills": return renew(user(parsed(raw)));
            }
        } else if (method.equals("GET") && parts.length == 3) {
            String name = URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);
            if (parts[1].equals("users")) return subscription(name);
            if (parts[1].equals("orders") && payments.containsKey(name)) { refresh(payments.get(name)); return shown(payments.get(name)); }
        }
        throw new Problem(404, "not found");
    }

    void handle(HttpExchange call) throws IOException {
        int status = call.getRequestMethod().equals("POST") && call.getRequestURI().getPath().equals("/orders") ? 201 : 200;
        String media = "application/json";
        Object answer;
        try {
            byte[] raw = call.getRequestBody().readAllBytes();
            synchronized (this) { answer = answered(call, raw); }
            if (call.getRequestURI().getPath().equals("/test/time")) deliver();  // a receiver that hangs holds up nobody
        }
        catch (Problem problem) {
            status = problem.status; media = "application/problem+json";
            problem.headers.forEach(call.getResponseHeaders()::add);
            answer = Map.of("type", "about:blank", "title", "refused", "status", new BigDecimal(status), "detail", problem.getMessage());
        } catch (Exception fault) { status = 500; answer = Map.of("title", "a fault of ours"); }
        byte[] body = Json.write(answer).getBytes(StandardCharsets.UTF_8);
        call.getResponseHeaders().add("content-type", media);
        call.sendResponseHeaders(status, body.length);
        call.getResponseBody().write(body);
        call.close();
    }

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else each answer waits 40 ms for the client's receipt
        Service service = new Service();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(service.env.get("PORT"))), 200);
        server.createContext("/", service::handle);
        server.setExecutor(java.util.concurrent.Executors.newCachedThreadPool());
        server.start();
    }

    /** JSON in sixty lines: objects, lists, texts, exact numbers. */
    static class Json {
        final String text;
        int at;
        Json(String text) { this.text = text; }

        static Object read(String text) {
            Json json = new Json(text);
            Object value = json.value(0);
            json.space();
            if (json.at != text.length()) throw new IllegalArgumentException("more than one value");
            return value;
        }

        void space() { while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++; }

        boolean takes(String word) { space(); if (!text.startsWith(word, at)) return false; at += word.length(); return true; }

        void must(String word) { if (!takes(word)) throw new IllegalArgumentException("expected " + word); }

        Object value(int depth) {
            if (depth > 100) throw new IllegalArgumentException("too deep");
            if (takes("{")) {
                Map<String, Object> object = new LinkedHashMap<>();
                if (takes("}")) return object;
                do { must("\""); String key = string(); must(":"); object.put(key, value(depth + 1)); } while (takes(","));
                must("}");
                return object;
            }
            if (takes("[")) {
                List<Object> list = new ArrayList<>();
                if (takes("]")) return list;
                do list.add(value(depth + 1)); while (takes(","));
                must("]");
                return list;
            }
            if (takes("\"")) return string();
            if (takes("true")) return true;
            if (takes("false")) return false;
            if (takes("null")) return null;
            int begun = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String number = text.substring(begun, at);
            if (!number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")) throw new IllegalArgumentException("no value");
            return new BigDecimal(number);
        }

        String string() {
            StringBuilder read = new StringBuilder();
            while (true) {
                char one = text.charAt(at++);
                if (one == '"') return read.toString();
                if (one < ' ') throw new IllegalArgumentException("a control character");
                if (one != '\\') { read.append(one); continue; }
                char escaped = text.charAt(at++);
                if (escaped == 'u') { read.append((char) Integer.parseInt(text.substring(at, at + 4), 16)); at += 4; }
                else {
                    int known = "\"\\/bfnrt".indexOf(escaped);
                    if (known < 0) throw new IllegalArgumentException("escape");
                    read.append("\"\\/\b\f\n\r\t".charAt(known));
                }
            }
        }

        static String write(Object value) {
            if (value instanceof Map<?, ?> object) {
                StringJoiner all = new StringJoiner(",", "{", "}");
                object.forEach((key, one) -> all.add(write(key) + ":" + write(one)));
                return all.toString();
            }
            if (value instanceof BigDecimal number) return number.toPlainString();
            if (value == null || value instanceof Number || value instanceof Boolean) return "" + value;
            StringBuilder written = new StringBuilder("\"");
            for (char one : value.toString().toCharArray())
                written.append(one < ' ' || one == '"' || one == '\\' || one > '~' ? String.format("\\u%04x", (int) one) : one);
            return written.append('"').toString();
        }
    }
}
