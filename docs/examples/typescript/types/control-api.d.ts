// Made by `make types` from contracts/openapi/control-api.json.
export interface paths {
    "/sandbox/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * About
         * @description What this sandbox is: its version, and the folder that it keeps its secrets and its authority in.
         */
        get: operations["about"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/scenarios": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Scenarios */
        get: operations["list_scenarios"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Worlds
         * @description Every world; one that cannot be shown is there with the reason.
         */
        get: operations["list_worlds"];
        put?: never;
        /**
         * Make World
         * @description A new, isolated world, with what a client of it needs. Without a seed it has its own, by order of making.
         */
        post: operations["make_world"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show World
         * @description The world as it is, with what its schemes show of it, such as the mails that Bakong has sent.
         */
        get: operations["show_world"];
        put?: never;
        post?: never;
        /** Drop World */
        delete: operations["drop_world"];
        options?: never;
        head?: never;
        /**
         * Change World
         * @description Change the journal's size and the schemes' settings; what is left out stays as it is.
         */
        patch: operations["change_world"];
        trace?: never;
    };
    "/sandbox/worlds/{world}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset World
         * @description As new: same seed, clock, scenario and settings; tokens that were issued stay good.
         */
        post: operations["reset_world"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Payments
         * @description The payments that fit all that is named, oldest first.
         */
        get: operations["list_payments"];
        put?: never;
        /**
         * Pay
         * @description A wallet pays a code. What comes back is this payment's own transaction, once there is one.
         */
        post: operations["pay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/payments/{reference}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show Payment */
        get: operations["show_payment"];
        put?: never;
        post?: never;
        /**
         * Reverse Payment
         * @description The receiver's bank sends the money back. Checks answer it from then on as REFUNDED_BY_RECEIVER.
         */
        delete: operations["reverse_payment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/qr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show Code
         * @description Let a scheme know a code, as Bakong's deep link does; the scenario is for this code alone.
         */
        post: operations["show_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Accounts */
        get: operations["list_accounts"];
        put?: never;
        /**
         * Open Account
         * @description Open an account, or fund one that is open.
         */
        post: operations["open_account"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Ledger
         * @description Double entry: the money that moved, the newest first, and what all balances sum to.
         */
        get: operations["show_ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show Clock */
        get: operations["show_clock"];
        /** Set Clock */
        put: operations["set_clock"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/clock/advance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Advance Clock
         * @description Move time on. What falls due on the way happens in order, each at its moment; the answer says what failed.
         *
         *     Refused, before anything has moved, where worlds have no such time.
         */
        post: operations["advance_clock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/clock/due": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Due
         * @description What falls due as time goes on, the next first.
         */
        get: operations["show_due"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show Scenario */
        get: operations["show_scenario"];
        /**
         * Use Scenario
         * @description A JSON body {"name": ...} takes one from the library, any other body is the YAML of a script itself.
         *
         *     "scheme" beside the name: the scheme that plays it; by default the first that has such a script.
         */
        put: operations["use_scenario"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/barrier": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Hold Answers
         * @description Let the answers to the next calls wait for each other, so that callers who race are answered at one moment.
         *
         *     What they say is what is so when each comes. Once the barrier has opened it holds nobody any more.
         */
        put: operations["hold_answers"];
        post?: never;
        /**
         * Let Answers Go
         * @description Whoever waits is answered now, and nobody waits any more; the answer says how many have waited.
         */
        delete: operations["let_answers_go"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Take Snapshot
         * @description Everything that this world knows, but for its journal.
         */
        get: operations["take_snapshot"];
        /**
         * Restore Snapshot
         * @description Be as the snapshot says, under this world's own name. The journal begins anew. Earlier versions are taken too.
         */
        put: operations["restore_snapshot"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Event Types
         * @description The events that `trigger` can make happen, of every scheme, and what of each can be overridden.
         */
        get: operations["list_event_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trigger Event
         * @description Make an event happen: its scheme does what the event tells of, and posts it. Answers when it was sent.
         *
         *     The object is there afterwards, with the values given. Its payment waits for nothing and follows no script.
         */
        post: operations["trigger_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/listeners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Listeners */
        get: operations["list_listeners"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/listeners/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Put Listener
         * @description Let a listener be there: endpoints whose webhooks go to the stream, in place of being posted.
         *
         *     The same name again changes what it listens to; its secrets stay. `cursor` is where the stream is now.
         */
        put: operations["put_listener"];
        post?: never;
        /**
         * Drop Listener
         * @description End a listener; what is pending for it is given up.
         */
        delete: operations["drop_listener"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Webhooks
         * @description The attempts of a world's webhooks as server-sent events, from now on, or after the event of `Last-Event-ID`.
         *
         *     `attempt` has one attempt, whose `body_base64` and `headers` are what left or, where `relayed`, what is to be
         *     posted. `ready` comes first, with the place that the stream begins after; a sandbox that ends says no more that it
         *     is, and ends the stream after what it has kept. `missed` says how many were dropped
         *     before they were read; `restarted`, that the id was of an earlier run of the sandbox, or of a world of that name
         *     that is gone: what follows is all that there is since.
         */
        get: operations["follow_webhooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/journal/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Rows
         * @description A window of the calls that fit, newest first, without their bodies.
         */
        get: operations["show_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/journal/calls/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Call
         * @description One call with its bodies and headers, and why it was answered so.
         */
        get: operations["show_call"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/journal/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Journal
         * @description The calls of a world as server-sent events, from now on, or after the event of `Last-Event-ID`.
         *
         *     `calls` has the rows that came since the event before, oldest first, and how many older ones were `skipped`: what a
         *     reader wants of those is at `rows` and `calls/<number>`. `ready` comes first, with the place that the stream begins
         *     after; `restarted` where the id was of a journal that is gone, as after a reset. `changed` says that something else
         *     has: a payment, the clock, the script, a webhook.
         */
        get: operations["follow_journal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Webhooks
         * @description The webhooks that fit all that is named, oldest first, with every attempt.
         */
        get: operations["list_webhooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/faults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Faults
         * @description The faults that wait for the next webhooks.
         */
        get: operations["list_faults"];
        put?: never;
        /**
         * Add Fault
         * @description Let a fault strike the next so many webhooks, before those of scripts. What waits, this one last.
         */
        post: operations["add_fault"];
        /**
         * Drop Faults
         * @description No fault waits any more; those of scripts stay.
         */
        delete: operations["drop_faults"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List Endpoints */
        get: operations["list_endpoints"];
        put?: never;
        /**
         * Add Endpoint
         * @description Let a scheme's webhooks go to a URL. Without a secret, the scheme makes one from the world's seed.
         */
        post: operations["add_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/endpoints/{endpoint}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Drop Endpoint
         * @description Delete an endpoint; what is pending for it is given up.
         */
        delete: operations["drop_endpoint"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/endpoints/{endpoint}/roll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll Secret
         * @description Give an endpoint a new secret; the old one signs beside it for so long.
         */
        post: operations["roll_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send Test
         * @description Post a test event to the scheme's endpoints, and answer when it was sent: the scheme's own, or the body given.
         */
        post: operations["send_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/{webhook}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show Webhook */
        get: operations["show_webhook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/webhooks/{webhook}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resend Webhook
         * @description Send it once more, now and without faults, and answer when it was sent. Its schedule stays as it is.
         */
        post: operations["resend_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/journal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Journal
         * @description The calls, oldest first, that fit all that is named. As HAR 1.2, or whole as `bakong-sandbox replay` takes it.
         */
        get: operations["show_journal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/journal/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify Journal
         * @description Whether the journal is as expected; where not, the nearest misses with what differs.
         */
        post: operations["verify_journal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Metrics
         * @description For Prometheus.
         */
        get: operations["show_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/scenarios/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Script
         * @description A script of the library, as it is written and as it is played.
         */
        get: operations["show_script"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/scenarios/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check Script
         * @description Every mistake in the YAML of a script, with its line. Nothing is played.
         */
        post: operations["check_script"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/payments/{reference}/scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Use For Payment
         * @description Let one payment, which nobody has paid yet, follow another script from its beginning.
         *
         *     A script of faults alone strikes any payment from now on, and changes nothing of what has happened to it.
         */
        put: operations["use_for_payment"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/codes/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Draw Code
         * @description A text as a QR code.
         */
        get: operations["draw_code"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/codes/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read Picture
         * @description The texts of all QR codes in a picture: PNG, JPEG and what else a phone takes.
         */
        post: operations["read_picture"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/codes/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Explain Code
         * @description A code of any scheme, object by object, and every problem with its place; a KHQR by NBC's rules too.
         */
        post: operations["explain_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Code
         * @description A KHQR of these values. No world knows it yet: show it with POST /sandbox/worlds/<world>/qr, or pay it.
         */
        post: operations["make_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/service/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Service Health
         * @description The service's health: its database, its limits, each provider.
         */
        get: operations["service_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/service/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Service Rows
         * @description What the service has stored, the newest first, as its admin API shows it.
         */
        get: operations["service_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/service/{kind}/{row_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Service Story
         * @description A payment or a subscription with its history, a webhook with its body and every try.
         */
        get: operations["service_story"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/service/webhooks/{row_id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Service Resend
         * @description Let the service try a webhook once more, now: the same webhook-id and body, signed anew.
         */
        post: operations["service_resend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make Token */
        post: operations["make_token"];
        /**
         * Take Back Tokens
         * @description Take a token back, or with none named each that was issued: 401 from now on, until one is renewed.
         */
        delete: operations["take_back_tokens"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/payees": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Payees
         * @description Who is registered: proxies and billers.
         */
        get: operations["promptpay_list_payees"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/proxies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register Proxy
         * @description Register a proxy, or change one. Its owner's name is on slips.
         */
        post: operations["promptpay_register_proxy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/billers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register Biller
         * @description Register a biller, or change one.
         */
        post: operations["promptpay_register_biller"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/payees/{payee}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Forget Payee
         * @description Let nobody be registered under it any more.
         */
        delete: operations["promptpay_forget_payee"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/slips": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Slips
         * @description The slips of all transfers; with qr, the one that this mini QR is of.
         */
        get: operations["promptpay_list_slips"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/slips/{bank}/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Slip
         * @description What transfer a slip names: amount, payee, time, and for which order a shop has used it.
         */
        get: operations["promptpay_get_slip"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/promptpay/slips/{bank}/{ref}/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Draw Slip
         * @description The mini QR as a picture.
         */
        get: operations["promptpay_draw_slip"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description The keys of a world's account, its webhook, and its settings.
         */
        get: operations["omise_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Webhook
         * @description Let the account's webhook go to a URL, as PATCH /account does; null: nowhere.
         */
        put: operations["omise_set_webhook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/webhook/roll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll Webhook
         * @description A new secret. For 24 h of the world's time webhooks bear two signatures, the new one first.
         */
        post: operations["omise_roll_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set Settings */
        put: operations["omise_set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/charges/{id}/pay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pay
         * @description The payer pays, whatever the script says, from what the payer has.
         */
        post: operations["omise_pay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/charges/{id}/fail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fail
         * @description The payment comes to nothing.
         */
        post: operations["omise_fail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/omise/charges/{id}/authorize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Authorize
         * @description The payer says yes on the pay page: a card of a charge with capture=false is held, all else is paid.
         */
        post: operations["omise_authorize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description The credentials of a world's merchant, its wallets, where its API is, its webhook and its switches.
         */
        get: operations["bkash_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set Settings */
        put: operations["bkash_set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Webhook
         * @description Let the IPN go to a URL, which is sent a SubscriptionConfirmation first; null: nowhere.
         */
        put: operations["bkash_set_webhook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash/wallets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wallets */
        get: operations["bkash_wallets"];
        put?: never;
        /**
         * Set Wallet
         * @description A wallet with this balance, new or known.
         */
        post: operations["bkash_set_wallet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Payments
         * @description The newest payments first, and requests for agreements.
         */
        get: operations["bkash_list_payments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/bkash/payments/{id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide
         * @description The customer's word at the page, without a browser. Approving moves no money: execute does.
         */
        post: operations["bkash_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description What a merchant of this world is configured with, its customers, and the settings.
         */
        get: operations["nagad_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set Settings */
        put: operations["nagad_set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/whitelist": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Whitelist
         * @description Let in these addresses alone, as X-KM-IP-V4 of a POST names them; null: everybody.
         */
        put: operations["nagad_set_whitelist"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Keys
         * @description Work with these keys in place of the sandbox's.
         */
        put: operations["nagad_set_keys"];
        post?: never;
        /**
         * Drop Keys
         * @description The sandbox's keys again.
         */
        delete: operations["nagad_drop_keys"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/payments/{reference}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve
         * @description The customer confirms on the pay page. Whoever does not follow `redirect` is the one who never comes back.
         */
        post: operations["nagad_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/payments/{reference}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description The customer closes the pay page.
         */
        post: operations["nagad_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/nagad/payments/{reference}/fail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fail
         * @description The payment is refused.
         */
        post: operations["nagad_fail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description The keys of a world's account, where its client begins, and its settings.
         */
        get: operations["stripe_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set Settings */
        put: operations["stripe_set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/payment_intents/{id}/authenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Authenticate
         * @description The payer says yes to the bank.
         */
        post: operations["stripe_authenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/payment_intents/{id}/fail_authentication": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fail Authentication
         * @description The payer says no to the bank.
         */
        post: operations["stripe_fail_authentication"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/checkout/{id}/pay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pay
         * @description The payer submits the page of a session; a decline leaves it open.
         */
        post: operations["stripe_pay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/checkout/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description The payer goes back to the shop; the session stays open.
         */
        post: operations["stripe_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/stripe/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer Next
         * @description Let the next calls, of one operation or of any, be answered with a status; the API does nothing then.
         */
        post: operations["stripe_answer_next"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description The keys of a world's account, its URLs, and its settings.
         */
        get: operations["paystack_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Webhook
         * @description Let the dashboard's webhook go to a URL; null: nowhere.
         */
        put: operations["paystack_set_webhook"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Callback
         * @description Where payers go whose transaction names no callback_url; null: nowhere.
         */
        put: operations["paystack_set_callback"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set Settings */
        put: operations["paystack_set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack/transactions/{reference}/pay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pay
         * @description The payer pays, as on the page; a script may let it fail.
         */
        post: operations["paystack_pay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/paystack/transactions/{reference}/abandon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Abandon
         * @description The payer goes away without paying, and may come back.
         */
        post: operations["paystack_abandon"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sandbox/worlds/{world}/generic/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show Generic Credentials */
        get: operations["show_generic_credentials"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * About
         * @description data_dir: on the sandbox's machine; null where it has none.
         */
        About: {
            /** Version */
            version: string;
            /** Data Dir */
            data_dir: string | null;
        };
        /** AccountShown */
        AccountShown: {
            /** Account Id */
            account_id: string;
            /** Name */
            name: string;
            /** Balances */
            balances: {
                [key: string]: string;
            };
            /** Balances Minor */
            balances_minor: {
                [key: string]: number;
            };
        };
        /**
         * Acted
         * @description status: of the PaymentIntent or the session. redirect: where the payer's browser goes.
         */
        Acted: {
            /** Status */
            status: string;
            /** Redirect */
            redirect: string | null;
            /** Problem */
            problem?: string | null;
        };
        /**
         * ActionShown
         * @description A change by the control API, after how many calls; cut_from: the size of a body of which a part is kept.
         */
        ActionShown: {
            /** After */
            after: number;
            /** At Ms */
            at_ms: number;
            /** Method */
            method: string;
            /** Path */
            path: string;
            /** Body */
            body: string;
            /** Cut From */
            cut_from: number | null;
        };
        /** Advance */
        Advance: {
            /** Seconds */
            seconds: number;
        };
        /**
         * Advanced
         * @description The clock after an advance, what failed on the way, and which webhooks hang; all else that fell due has happened.
         *
         *     A webhook that hangs goes on by itself until its time-out.
         */
        Advanced: {
            /**
             * Mode
             * @enum {string}
             */
            mode: "real" | "frozen" | "offset" | "scaled";
            /** Now */
            now: string;
            /** Now Ms */
            now_ms: number;
            /** Rate */
            rate: number;
            /** Failures */
            failures: components["schemas"]["FailureShown"][];
            /** Hanging */
            hanging: components["schemas"]["HangingShown"][];
        };
        /**
         * AttemptShown
         * @description One attempt: its status or its error, the real time it took, the beginning of the answer.
         */
        AttemptShown: {
            /** At Ms */
            at_ms: number;
            /** Status */
            status: number | null;
            /** Error */
            error: string | null;
            /** Took Ms */
            took_ms: number;
            /** Answer */
            answer: string;
            /** Faults */
            faults: string[];
            /** Resent */
            resent: boolean;
        };
        /**
         * AttemptWhole
         * @description headers: what left, signature and all; null where the journal has forgotten it.
         */
        AttemptWhole: {
            /** At Ms */
            at_ms: number;
            /** Status */
            status: number | null;
            /** Error */
            error: string | null;
            /** Took Ms */
            took_ms: number;
            /** Answer */
            answer: string;
            /** Faults */
            faults: string[];
            /** Resent */
            resent: boolean;
            /** Headers */
            headers: {
                [key: string]: string;
            } | null;
        };
        /**
         * BakongPayment
         * @description A payment, and its transaction's 13 keys: null while there is none.
         */
        BakongPayment: {
            /** Scheme */
            scheme: string;
            /** Reference */
            reference: string;
            /**
             * Status
             * @enum {string}
             */
            status: "unpaid" | "authorized" | "paid" | "failed" | "cancelled" | "expired" | "disputed";
            /** Scenario */
            scenario: string | null;
            /** Qr */
            qr: string | null;
            /** Currency */
            currency: ("KHR" | "USD") | null;
            /** Amount */
            amount: number | null;
            /** Times Paid */
            times_paid: number;
            /** Md5 */
            md5: string;
            /** Hash */
            hash: string | null;
            /** Fromaccountid */
            fromAccountId: string | null;
            /** Toaccountid */
            toAccountId: string | null;
            /** Description */
            description: string | null;
            /** Createddatems */
            createdDateMs: number | null;
            /** Acknowledgeddatems */
            acknowledgedDateMs: number | null;
            /** Trackingstatus */
            trackingStatus: string | null;
            /** Receiverbank */
            receiverBank: string | null;
            /** Receiverbankaccount */
            receiverBankAccount: string | null;
            /** Instructionref */
            instructionRef: string | null;
            /** Externalref */
            externalRef: string | null;
            /** Hashes */
            hashes: string[];
        };
        /**
         * BarrierSetting
         * @description The answers to the next calls wait until so many callers are there, or so long after the first.
         */
        BarrierSetting: {
            /** Callers */
            callers: number;
            /**
             * Within S
             * @description Real seconds.
             * @default 1
             */
            within_s?: number;
        };
        /**
         * BarrierShown
         * @description Where answers wait for each other. held: how many have waited there. All zero where there is none.
         */
        BarrierShown: {
            /** Callers */
            callers: number;
            /** Within S */
            within_s: number;
            /** Held */
            held: number;
        };
        /**
         * CallShown
         * @description One call, whole, and why it was answered so.
         */
        CallShown: {
            /** Number */
            number: number;
            /** At Ms */
            at_ms: number;
            /** Scheme */
            scheme: string;
            /** Endpoint */
            endpoint: string;
            /** Method */
            method: string;
            /** Path */
            path: string;
            /** Query */
            query: string;
            /** Token */
            token: string;
            /** Client */
            client: string;
            /** Asked Scenario */
            asked_scenario: string;
            /** Reference */
            reference: string | null;
            /** Poll */
            poll: number;
            /** Scenario */
            scenario: string;
            /** Step */
            step: number | null;
            /** Status */
            status: number;
            /** Error Code */
            error_code: number | string | null;
            /** Fault */
            fault: string | null;
            /** Delay Ms */
            delay_ms: number;
            /** Content Type */
            content_type: string;
            /** Headers */
            headers: string[][];
            /** Request */
            request: string;
            /** Answer */
            answer: string;
            /** Real Ms */
            real_ms: number;
            /** Answer Headers */
            answer_headers: string[][];
            /** Md5 */
            md5: string | null;
            /** Near Miss */
            near_miss: string | null;
            why: components["schemas"]["WhyShown"];
        };
        /** CheckShown */
        CheckShown: {
            /** Ok */
            ok: boolean;
            /** Expected */
            expected: string;
            /** Count */
            count: number;
            /** Found */
            found: number[];
            /** Near Misses */
            near_misses: components["schemas"]["NearMiss"][];
        };
        /**
         * CheckedShown
         * @description plan: what can be read of the script without its mistakes.
         */
        CheckedShown: {
            /** Ok */
            ok: boolean;
            /** Mistakes */
            mistakes: components["schemas"]["MistakeShown"][];
            /** Plan */
            plan: {
                [key: string]: unknown;
            } | null;
        };
        /** Clock */
        Clock: {
            /**
             * Mode
             * @enum {string}
             */
            mode: "real" | "frozen" | "offset" | "scaled";
            /** Now */
            now: string;
            /** Now Ms */
            now_ms: number;
            /** Rate */
            rate: number;
        };
        /** ClockSetting */
        ClockSetting: {
            /**
             * Mode
             * @enum {string}
             */
            mode: "real" | "frozen" | "offset" | "scaled";
            /** At */
            at?: string | null;
            /**
             * Rate
             * @description The pace of a scaled clock.
             * @default 1
             */
            rate?: number;
        };
        /**
         * Credentials
         * @description What a shop is given, by the description's names for it; and where the API is, below the sandbox's address.
         */
        Credentials: {
            /** Base Path */
            base_path: string;
            /** Credentials */
            credentials: {
                [key: string]: string;
            };
        };
        /**
         * DueShown
         * @description Something that falls due at a moment of the world's time.
         */
        DueShown: {
            /** At Ms */
            at_ms: number;
            /** What */
            what: string;
        };
        /**
         * Endpoint
         * @description Where a scheme's events go: those whose types fit one of the globs.
         *
         *     id: empty for one that a single event names and nobody registered. relayed: nothing is posted to it; whoever follows
         *     the world's stream takes what would have been.
         *     old_secret: the one before, which signs too until old_until_ms.
         */
        Endpoint: {
            /** Scheme */
            scheme: string;
            /** Url */
            url: string;
            /** Secret */
            secret: string;
            /**
             * Id
             * @default
             */
            id?: string;
            /**
             * Events
             * @default [
             *       "*"
             *     ]
             */
            events?: string[];
            /**
             * Enabled
             * @default true
             */
            enabled?: boolean;
            /** Old Secret */
            old_secret?: string | null;
            /**
             * Old Until Ms
             * @default 0
             */
            old_until_ms?: number;
            /**
             * Relayed
             * @default false
             */
            relayed?: boolean;
        };
        /**
         * EndpointShown
         * @description pending: how many webhooks wait for it. old_secret: signs too until old_until_ms. relayed: it is a listener's.
         */
        EndpointShown: {
            /** Id */
            id: string;
            /** Scheme */
            scheme: string;
            /** Url */
            url: string;
            /** Secret */
            secret: string;
            /** Events */
            events: string[];
            /** Enabled */
            enabled: boolean;
            /** Relayed */
            relayed: boolean;
            /** Old Secret */
            old_secret: string | null;
            /** Old Until Ms */
            old_until_ms: number;
            /** Pending */
            pending: number;
        };
        /** EntryShown */
        EntryShown: {
            /** Number */
            number: number;
            /** At Ms */
            at_ms: number;
            /** Scheme */
            scheme: string;
            /** Endpoint */
            endpoint: string;
            /** Method */
            method: string;
            /** Path */
            path: string;
            /** Query */
            query: string;
            /** Token */
            token: string;
            /** Client */
            client: string;
            /** Asked Scenario */
            asked_scenario: string;
            /** Reference */
            reference: string | null;
            /** Poll */
            poll: number;
            /** Scenario */
            scenario: string;
            /** Step */
            step: number | null;
            /** Status */
            status: number;
            /** Error Code */
            error_code: number | string | null;
            /** Fault */
            fault: string | null;
            /** Delay Ms */
            delay_ms: number;
            /** Content Type */
            content_type: string;
            /** Headers */
            headers: string[][];
            /** Request */
            request: string;
            /** Answer */
            answer: string;
            /** Real Ms */
            real_ms: number;
            /** Answer Headers */
            answer_headers: string[][];
            /** Md5 */
            md5: string | null;
            /** Near Miss */
            near_miss: string | null;
        };
        /**
         * EventTypeShown
         * @description overrides: what each key is that `trigger` may set; `metadata.*` is any below it.
         */
        EventTypeShown: {
            /** Scheme */
            scheme: string;
            /** Event */
            event: string;
            /** About */
            about: string;
            /** Overrides */
            overrides: {
                [key: string]: string;
            };
        };
        /**
         * Expectation
         * @description Either `order`, or `match` with one of count, at_least, at_most, never; with none of them at least once.
         */
        Expectation: {
            match?: components["schemas"]["Match"] | null;
            /** Count */
            count?: number | null;
            /** At Least */
            at_least?: number | null;
            /** At Most */
            at_most?: number | null;
            /** Never */
            never?: true | null;
            /** Order */
            order?: components["schemas"]["Match"][] | null;
        };
        /** Explained */
        Explained: {
            /** Text */
            text: string;
            /**
             * World
             * @description Whose time decides whether it has expired.
             * @default default
             */
            world?: string;
        };
        /**
         * ExplainedShown
         * @description schemes: whose template it holds. says: what a payer is told. md5: by which Bakong knows it.
         */
        ExplainedShown: {
            /** Text */
            text: string;
            /** Valid */
            valid: boolean;
            /** Schemes */
            schemes: string[];
            /** Says */
            says: {
                [key: string]: string | null;
            };
            /** Md5 */
            md5: string | null;
            /** Objects */
            objects: components["schemas"]["ObjectShown"][];
            /** Problems */
            problems: components["schemas"]["ProblemShown"][];
        };
        /**
         * Failure
         * @description code: one of the API's failure codes.
         */
        Failure: {
            /**
             * Code
             * @default failed_processing
             */
            code?: string;
        };
        /**
         * FailureShown
         * @description Something that fell due and failed: after how many calls, when, what it was for, and the error.
         */
        FailureShown: {
            /** After */
            after: number;
            /** At Ms */
            at_ms: number;
            /** What */
            what: string;
            /** Error */
            error: string;
        };
        /**
         * FaultShown
         * @description what: its parameters. on: the endpoints. polls, when: the conditions, "" for none.
         */
        FaultShown: {
            /** Fault */
            fault: string;
            /** What */
            what: string;
            /** On */
            on: string[];
            /** Polls */
            polls: string;
            /** When */
            when: string;
        };
        /**
         * HangingShown
         * @description An attempt of a webhook that was begun and is not answered yet.
         *
         *     webhook: its number in this world's outbox, or the webhook-id of one that the service on this world's clock sent.
         */
        HangingShown: {
            /** Webhook */
            webhook: number | string;
            /** Url */
            url: string;
            /** Since Ms */
            since_ms: number;
        };
        /**
         * HarShown
         * @description HAR 1.2.
         */
        HarShown: {
            /** Log */
            log: {
                [key: string]: unknown;
            };
        };
        /** Health */
        Health: {
            /**
             * Status
             * @constant
             */
            status: "ok";
            /** Worlds */
            worlds: number;
        };
        /** JournalShown */
        JournalShown: {
            /** World */
            world: string;
            /** Total */
            total: number;
            /** Kept */
            kept: number;
            /** Entries */
            entries: components["schemas"]["EntryShown"][];
            /** Failures */
            failures: components["schemas"]["FailureShown"][];
            /** Webhooks */
            webhooks: components["schemas"]["SentShown"][];
            /** Actions */
            actions: components["schemas"]["ActionShown"][];
        };
        /** KeptAccount */
        KeptAccount: {
            /** Account Id */
            account_id: string;
            /** Name */
            name: string;
            /** Balances */
            balances: {
                [key: string]: number;
            };
        };
        /**
         * KeptAttempt
         * @description answer: base64.
         */
        KeptAttempt: {
            /** At Ms */
            at_ms: number;
            /** Status */
            status: number | null;
            /** Error */
            error: string | null;
            /** Took Ms */
            took_ms: number;
            /** Answer */
            answer: string;
            /** Faults */
            faults: string[];
            /** Resent */
            resent: boolean;
        };
        /**
         * KeptCounts
         * @description What the conditions of faults have counted.
         */
        KeptCounts: {
            /** Began */
            began: {
                [key: string]: number;
            };
            /** Calls */
            calls: [
                string,
                number,
                number
            ][];
            /** Called */
            called: {
                [key: string]: string[];
            };
        };
        /**
         * KeptEvent
         * @description body: base64.
         */
        KeptEvent: {
            /** Number */
            number: number;
            /** Id */
            id: string;
            /** Type */
            type: string;
            /** Body */
            body: string;
            target: components["schemas"]["Endpoint"];
            /** Created Ms */
            created_ms: number;
            /** Payment */
            payment: string | null;
            /** Faults */
            faults: components["schemas"]["Struck"][];
            /** Copy Of */
            copy_of: number | null;
            state: components["schemas"]["State"];
            /** Reason */
            reason: string | null;
            /** Due Ms */
            due_ms: number | null;
            /** Held From Ms */
            held_from_ms: number | null;
            /** Scheduled */
            scheduled: number;
            /** Attempts */
            attempts: components["schemas"]["KeptAttempt"][];
        };
        /**
         * KeptOutbox
         * @description What a snapshot holds of an outbox.
         */
        KeptOutbox: {
            /**
             * Posted
             * @default 0
             */
            posted?: number;
            /**
             * Endpoints
             * @default []
             */
            endpoints?: components["schemas"]["Endpoint"][];
            /**
             * Events
             * @default []
             */
            events?: components["schemas"]["KeptEvent"][];
            /**
             * Next Faults
             * @default []
             */
            next_faults?: components["schemas"]["NextFault"][];
        };
        /**
         * KeptPayment
         * @description timers: when something falls due, in ms: 0 the path itself, others the tracking statuses.
         */
        KeptPayment: {
            /** Scheme */
            scheme: string;
            /** Reference */
            reference: string;
            order: components["schemas"]["Order"] | null;
            /** Code */
            code: string | null;
            scenario: components["schemas"]["KeptScript"] | null;
            /** Step */
            step: number;
            /** Arrived */
            arrived: boolean;
            /** Begun Ms */
            begun_ms: number;
            /** Hidden */
            hidden: boolean;
            /** Reached */
            reached?: ("authorized" | "cancelled" | "expired" | "disputed") | null;
            /** Attempts */
            attempts: number;
            /** Answered */
            answered: number;
            /** Settlements */
            settlements: components["schemas"]["Settlement"][];
            /** Timers */
            timers: {
                [key: string]: number;
            };
            pending: components["schemas"]["KeptPending"] | null;
        };
        /**
         * KeptPending
         * @description A wallet's payment that has not arrived; step: its number in the path, or the outcome that was asked for.
         */
        KeptPending: {
            order: components["schemas"]["Order"];
            /** From Account */
            from_account: string;
            /** Step */
            step: number | ("paid" | "failed");
            /** Description */
            description?: string | null;
        };
        /**
         * KeptScript
         * @description A scenario by its name, in one of the snapshot's texts; text None: of the library.
         */
        KeptScript: {
            /** Name */
            name: string;
            /** Text */
            text: number | null;
            /** Scheme */
            scheme?: string | null;
        };
        /**
         * LedgerShown
         * @description postings: the newest first, of so many. sums: of all balances, by currency; 0, whatever happened.
         */
        LedgerShown: {
            /** Total */
            total: number;
            /** Postings */
            postings: components["schemas"]["PostingShown"][];
            /** Sums */
            sums: {
                [key: string]: number;
            };
        };
        /**
         * LimitSetting
         * @description What is left out stays as it is; null and false are off.
         */
        LimitSetting: {
            /**
             * Quota
             * @description Calls a day for each token; the real one's is 100.
             */
            quota?: number | null;
            /**
             * Calls Per Minute
             * @description For each token; above it 429.
             */
            calls_per_minute?: number | null;
            /**
             * Geo Block
             * @description Everybody is abroad: CloudFront's 403.
             * @default false
             */
            geo_block?: boolean;
            /**
             * Cambodia
             * @description Networks that are in Cambodia; with any, all others are abroad.
             */
            cambodia?: string[];
            /**
             * Mail Down
             * @description No mail leaves: code 7.
             * @default false
             */
            mail_down?: boolean;
        };
        /** Limits */
        Limits: {
            /** Quota */
            quota: number | null;
            /** Calls Per Minute */
            calls_per_minute: number | null;
            /** Geo Block */
            geo_block: boolean;
            /** Cambodia */
            cambodia: string[];
            /** Mail Down */
            mail_down: boolean;
        };
        /** ListenedShown */
        ListenedShown: {
            /** Id */
            id: string;
            /** Scheme */
            scheme: string;
            /** Events */
            events: string[];
            /** Secret */
            secret: string;
        };
        /**
         * ListenerShown
         * @description relays: what is for it goes to the stream, and nothing is posted. is_new: it was not there before.
         */
        ListenerShown: {
            /** Name */
            name: string;
            /** Url */
            url: string;
            /** Relays */
            relays: boolean;
            /** Is New */
            is_new: boolean;
            /** Cursor */
            cursor: string;
            /** Endpoints */
            endpoints: components["schemas"]["ListenedShown"][];
        };
        /** Made */
        Made: {
            /** World */
            world: string;
            /** Base Url */
            base_url: string;
            /** Token */
            token: string;
        };
        /** MadeCode */
        MadeCode: {
            /** Qr */
            qr: string;
            /** Md5 */
            md5: string;
        };
        /** Mail */
        Mail: {
            /** At Ms */
            at_ms: number;
            /** To */
            to: string;
            /** Subject */
            subject: string;
            /** Code */
            code: string | null;
            /** Token */
            token: string | null;
        };
        /**
         * Match
         * @description Which calls. What is left out fits any; body and answer fit where they hold at least what is asked.
         */
        Match: {
            /** Scheme */
            scheme?: string | null;
            /** Endpoint */
            endpoint?: string | null;
            /** Method */
            method?: string | null;
            /** Path */
            path?: string | null;
            /** Token */
            token?: string | null;
            /** Client */
            client?: string | null;
            /** Reference */
            reference?: string | null;
            /** Md5 */
            md5?: string | null;
            /** Poll */
            poll?: number | null;
            /** Scenario */
            scenario?: string | null;
            /** Status */
            status?: number | null;
            /** Error Code */
            error_code?: number | string | null;
            /** Fault */
            fault?: string | null;
            /** Body */
            body?: unknown;
            /** Answer */
            answer?: unknown;
        };
        /**
         * MistakeShown
         * @description line, column: from 1; line 0 where it is in none.
         */
        MistakeShown: {
            /** Line */
            line: number;
            /** Column */
            column: number;
            /** Message */
            message: string;
        };
        /** NearMiss */
        NearMiss: {
            /** Number */
            number: number;
            /** Endpoint */
            endpoint: string;
            /** Differs */
            differs: {
                [key: string]: unknown;
            };
        };
        /** NewAccount */
        NewAccount: {
            /**
             * Scheme
             * @description By default the first scheme.
             */
            scheme?: string | null;
            /** Account Id */
            account_id: string;
            /**
             * Name
             * @default
             */
            name?: string;
            /** Balances */
            balances?: {
                [key: string]: string | number;
            };
        };
        /** NewBiller */
        NewBiller: {
            /** Biller Id */
            biller_id: string;
            /** Owner */
            owner: string;
            /**
             * Bank
             * @default 014
             */
            bank?: string;
            /**
             * Known By
             * @description The banks whose apps can pay it; by default all.
             */
            known_by?: string[] | null;
            /**
             * Needs Reference2
             * @default false
             */
            needs_reference2?: boolean;
            /**
             * Pays Once
             * @default false
             */
            pays_once?: boolean;
        };
        /** NewEndpoint */
        NewEndpoint: {
            /** Scheme */
            scheme: string;
            /** Url */
            url: string;
            /** Secret */
            secret?: string | null;
            /** Events */
            events?: string[];
        };
        /**
         * NewFault
         * @description A fault for the next webhooks, of any or of one scheme or payment; `by` is late's, `within` out_of_order's.
         */
        NewFault: {
            /**
             * Fault
             * @enum {string}
             */
            fault: "lost" | "twice" | "late" | "out_of_order" | "wrong_signature" | "wrong_key";
            /**
             * Times
             * @default 1
             */
            times?: number;
            /**
             * Event
             * @description The type of an event, a pattern with *.
             * @default *
             */
            event?: string;
            /** Scheme */
            scheme?: string | null;
            /** Payment */
            payment?: string | null;
            /** By S */
            by_s?: number | null;
            /** Within S */
            within_s?: number | null;
            /**
             * Attempts
             * @description Only the first so many attempts of each; left out: every one.
             */
            attempts?: number | null;
        };
        /**
         * NewKeys
         * @description One line of base64 each. Either half of the merchant's pair is enough; what is left out stays as it is.
         */
        NewKeys: {
            /**
             * Privatekey
             * @description The merchant's, PKCS#8.
             */
            privateKey?: string | null;
            /**
             * Merchantpublickey
             * @description The merchant's, SPKI.
             */
            merchantPublicKey?: string | null;
            /**
             * Nagadprivatekey
             * @description Nagad's, PKCS#8.
             */
            nagadPrivateKey?: string | null;
        };
        /**
         * NewListener
         * @description schemes: by default all that post. deliver: the sandbox posts to the URL, with retries as at any endpoint.
         */
        NewListener: {
            /** Url */
            url: string;
            /** Schemes */
            schemes?: string[] | null;
            /** Events */
            events?: string[];
            /**
             * Deliver
             * @default false
             */
            deliver?: boolean;
        };
        /**
         * NewPayment
         * @description Exactly one of qr, reference and md5. The amount overrides what the code says; a static code needs one.
         */
        NewPayment: {
            /**
             * Scheme
             * @description By default the first scheme.
             */
            scheme?: string | null;
            /** Qr */
            qr?: string | null;
            /** Reference */
            reference?: string | null;
            /**
             * Md5
             * @description What Bakong calls a reference.
             */
            md5?: string | null;
            /** Amount */
            amount?: string | number | null;
            /** Currency */
            currency?: string | null;
            /**
             * From Account
             * @description By default the scheme's payer.
             */
            from_account?: string | null;
            /** Outcome */
            outcome?: ("paid" | "failed") | null;
            /**
             * Description
             * @description What the payer writes: a Bakong transaction's description.
             */
            description?: string | null;
        };
        /** NewProxy */
        NewProxy: {
            /**
             * Payee
             * @description Such as 0800000475@mobile; see docs/promptpay.md.
             */
            payee: string;
            /** Owner */
            owner: string;
            /**
             * Bank
             * @default 014
             */
            bank?: string;
            /**
             * Is Closed
             * @default false
             */
            is_closed?: boolean;
        };
        /** NewSecret */
        NewSecret: {
            /** Secret */
            secret?: string | null;
            /**
             * Keep Old S
             * @default 86400
             */
            keep_old_s?: number;
        };
        /**
         * NewTest
         * @description Without a body the scheme makes one, of this type or of its usual one.
         */
        NewTest: {
            /** Scheme */
            scheme: string;
            /** Type */
            type?: string | null;
            /** Body */
            body?: string | null;
        };
        /** NewToken */
        NewToken: {
            /**
             * Email
             * @default developer@sandbox.test
             */
            email?: string;
            /**
             * Expires In S
             * @default 7776000
             */
            expires_in_s?: number;
            /**
             * Good For
             * @description The host that takes it: SIT's, production's, a relay's, or any.
             * @default any
             * @enum {string}
             */
            good_for?: "any" | "sit" | "prod" | "relay";
        };
        /**
         * NewTrigger
         * @description overrides: by key, such as amount, data.amount or metadata[order]. scheme: by default the one with that event.
         *
         *     base_url: where clients meet the sandbox, for the URLs in the object.
         */
        NewTrigger: {
            /** Event */
            event: string;
            /** Scheme */
            scheme?: string | null;
            /** Overrides */
            overrides?: {
                [key: string]: unknown;
            };
            /**
             * Times
             * @default 1
             */
            times?: number;
            /**
             * Base Url
             * @default http://127.0.0.1:8600
             */
            base_url?: string;
        };
        /** NewUrl */
        NewUrl: {
            /** Url */
            url: string | null;
        };
        /**
         * NewWallet
         * @description balance: BDT with two decimals; a wallet that is there is set to it.
         */
        NewWallet: {
            /** Msisdn */
            msisdn: string;
            /**
             * Balance
             * @default 100000.00
             */
            balance?: string;
        };
        /** NewWorld */
        NewWorld: {
            /** Name */
            name?: string | null;
            /** Seed */
            seed?: number | null;
            /** Scenario */
            scenario?: string | null;
            /** Journal Bytes */
            journal_bytes?: number | null;
            clock?: components["schemas"]["ClockSetting"] | null;
            /**
             * Profile
             * @description From then on, whatever host a call names.
             */
            profile?: ("current" | "doc-1.0.2" | "sit" | "prod" | "relay") | null;
            /**
             * Profile By Host
             * @description The host that a call names says which profile.
             */
            profile_by_host?: boolean | null;
            limits?: components["schemas"]["LimitSetting"] | null;
            promptpay?: components["schemas"]["bakong_schemes__promptpay__fake__control__Settings"] | null;
            omise?: components["schemas"]["bakong_schemes__omise__fake__control__Settings"] | null;
            bkash?: components["schemas"]["bakong_schemes__bkash__fake__control__Settings"] | null;
            nagad?: components["schemas"]["bakong_schemes__nagad__fake__control__Settings"] | null;
            stripe?: components["schemas"]["bakong_schemes__stripe__fake__control__Settings"] | null;
            paystack?: components["schemas"]["bakong_schemes__paystack__fake__control__Settings"] | null;
        };
        /**
         * Next
         * @description What the next calls are answered with. operation: such as stripe.payment_intents.confirm; left out: any.
         */
        Next: {
            /** Status */
            status: number;
            /**
             * Times
             * @default 1
             */
            times?: number;
            /** Operation */
            operation?: string | null;
        };
        /**
         * NextFault
         * @description A fault for the next so many webhooks, of one scheme, of one payment, or (None) of any.
         */
        NextFault: {
            rule: components["schemas"]["WebhookRule"];
            /**
             * Times
             * @default 1
             */
            times?: number;
            /** Scheme */
            scheme?: string | null;
            /** Payment */
            payment?: string | null;
        };
        /** NextFaultShown */
        NextFaultShown: {
            /** Fault */
            fault: string;
            /** Times */
            times: number;
            /** Event */
            event: string;
            /** Scheme */
            scheme: string | null;
            /** Payment */
            payment: string | null;
            /** Parameters */
            parameters: {
                [key: string]: number | null;
            };
        };
        /** NextShown */
        NextShown: {
            /** Status */
            status: number;
            /** Times */
            times: number;
            /** Operation */
            operation: string | null;
        };
        /**
         * ObjectShown
         * @description One data object. at, length: its place in the text, with its tag and its own length.
         */
        ObjectShown: {
            /** Path */
            path: string;
            /** Depth */
            depth: number;
            /** Name */
            name: string;
            /** Value */
            value: string;
            /** Meaning */
            meaning: string;
            /** At */
            at: number;
            /** Length */
            length: number;
        };
        /**
         * Order
         * @description What a code asks for. minor None: the payer chooses (a static code). expires_at_ms None: never.
         */
        Order: {
            /** Reference */
            reference: string;
            /** To Account */
            to_account: string;
            /** Currency */
            currency: string;
            /** Minor */
            minor: number | null;
            /** Bill Number */
            bill_number: string | null;
            /** Expires At Ms */
            expires_at_ms: number | null;
        };
        /** PayeeShown */
        PayeeShown: {
            /** Payee */
            payee: string;
            /** Owner */
            owner: string;
            /** Bank */
            bank: string;
            /** Is Closed */
            is_closed?: boolean | null;
            /** Known By */
            known_by?: string[] | null;
            /** Needs Reference2 */
            needs_reference2?: boolean | null;
            /** Pays Once */
            pays_once?: boolean | null;
        };
        /**
         * PaymentScript
         * @description Which script a payment follows, and which step of it.
         */
        PaymentScript: {
            /** Scheme */
            scheme: string;
            /** Reference */
            reference: string;
            /** Name */
            name: string;
            /** About */
            about: string;
            /** Step */
            step: number;
        };
        /**
         * PaymentShown
         * @description A payment, and what is paid: null while there is none.
         */
        PaymentShown: {
            /** Scheme */
            scheme: string;
            /** Reference */
            reference: string;
            /**
             * Status
             * @enum {string}
             */
            status: "unpaid" | "authorized" | "paid" | "failed" | "cancelled" | "expired" | "disputed";
            /** Scenario */
            scenario: string | null;
            /** Qr */
            qr: string | null;
            /** Currency */
            currency: string | null;
            /** Amount */
            amount: number | null;
            /** Times Paid */
            times_paid: number;
        };
        /** PaymentShownHere */
        PaymentShownHere: {
            /** Paymentid */
            paymentID: string;
            /** Family */
            family: string;
            /** Mode */
            mode: string;
            /** Amount */
            amount: string;
            /** Merchantinvoicenumber */
            merchantInvoiceNumber: string;
            /** Outcome */
            outcome: string;
            /** Wallet */
            wallet: string;
            /** Transactionstatus */
            transactionStatus: string;
            /** Trxid */
            trxID: string | null;
            /** Refunded */
            refunded: string;
        };
        /**
         * PostingShown
         * @description Money that moved: from the debited account to the credited one.
         */
        PostingShown: {
            /** Number */
            number: number;
            /** Debit */
            debit: string;
            /** Credit */
            credit: string;
            /** Currency */
            currency: string;
            /** Amount */
            amount: string;
            /** Minor */
            minor: number;
        };
        /** ProblemShown */
        ProblemShown: {
            /** Path */
            path: string;
            /** At */
            at: number | null;
            /** Message */
            message: string;
            /** Is Warning */
            is_warning: boolean;
        };
        /**
         * PromptPayPayment
         * @description A payment, and the slip of the transfer that it shows: null while there is none.
         */
        PromptPayPayment: {
            /** Scheme */
            scheme: string;
            /** Reference */
            reference: string;
            /**
             * Status
             * @enum {string}
             */
            status: "unpaid" | "authorized" | "paid" | "failed" | "cancelled" | "expired" | "disputed";
            /** Scenario */
            scenario: string | null;
            /** Qr */
            qr: string | null;
            /** Currency */
            currency: string | null;
            /** Amount */
            amount: number | null;
            /** Times Paid */
            times_paid: number;
            /** To Account */
            to_account: string | null;
            slip: components["schemas"]["SlipShown"] | null;
        };
        /**
         * RecordingShown
         * @description The journal whole, as `bakong-sandbox replay` takes it: the world before it, the calls, the acts.
         */
        RecordingShown: {
            /**
             * Version
             * @constant
             */
            version: 2;
            /** Begun */
            begun: {
                [key: string]: unknown;
            };
            /** Calls */
            calls: {
                [key: string]: unknown;
            }[];
            /** Acts */
            acts: {
                [key: string]: unknown;
            }[];
        };
        /**
         * RowShown
         * @description A call without its bodies.
         */
        RowShown: {
            /** Number */
            number: number;
            /** At Ms */
            at_ms: number;
            /** Real Ms */
            real_ms: number;
            /** Scheme */
            scheme: string;
            /** Endpoint */
            endpoint: string;
            /** Method */
            method: string;
            /** Path */
            path: string;
            /** Reference */
            reference: string | null;
            /** Poll */
            poll: number;
            /** Scenario */
            scenario: string;
            /** Step */
            step: number | null;
            /** Status */
            status: number;
            /** Error Code */
            error_code: number | string | null;
            /** Fault */
            fault: string | null;
            /** Delay Ms */
            delay_ms: number;
        };
        /**
         * RowsShown
         * @description matching: how many of those that are kept fit. rows: newest first.
         */
        RowsShown: {
            /** World */
            world: string;
            /** Total */
            total: number;
            /** Kept */
            kept: number;
            /** Matching */
            matching: number;
            /** Rows */
            rows: components["schemas"]["RowShown"][];
        };
        /** ScenarioShown */
        ScenarioShown: {
            /** Name */
            name: string;
            /** About */
            about: string;
        };
        /** ScriptShown */
        ScriptShown: {
            /** Name */
            name: string;
            /** About */
            about: string;
            /** Schemes */
            schemes: string[];
        };
        /**
         * ScriptWhole
         * @description source: its YAML. plan: its steps, faults and rules in words, in their order.
         */
        ScriptWhole: {
            /** Name */
            name: string;
            /** About */
            about: string;
            /** Schemes */
            schemes: string[];
            /** Source */
            source: string;
            /** Plan */
            plan: {
                [key: string]: unknown;
            };
        };
        /** SentShown */
        SentShown: {
            /** After */
            after: number;
            /** At Ms */
            at_ms: number;
            /** Webhook */
            webhook: number;
            /** Attempt */
            attempt: number;
            /** Scheme */
            scheme: string;
            /** Id */
            id: string;
            /** Type */
            type: string;
            /** Payment */
            payment: string | null;
            /** Url */
            url: string;
            /** Headers */
            headers: {
                [key: string]: string;
            };
            /** Body */
            body: string;
            /** Faults */
            faults: string[];
            /** Resent */
            resent: boolean;
            /** Status */
            status: number | null;
            /** Error */
            error: string | null;
            /** Took Ms */
            took_ms: number;
            /** Answer */
            answer: string;
        };
        /**
         * Settlement
         * @description What came of one payment of a wallet: money moved at that time, in minor units, or was refused.
         *
         *     returned: it went back to the payer since, whole. returned_minor: so much of it went back.
         *     description: what the payer wrote.
         */
        Settlement: {
            /** From Account */
            from_account: string;
            /** To Account */
            to_account: string;
            /** Currency */
            currency: string;
            /** Minor */
            minor: number;
            /** At Ms */
            at_ms: number;
            /**
             * Failed
             * @default false
             */
            failed?: boolean;
            /**
             * Returned
             * @default false
             */
            returned?: boolean;
            /**
             * Returned Minor
             * @default 0
             */
            returned_minor?: number;
            /** Description */
            description?: string | null;
        };
        /**
         * SickWorld
         * @description A world that cannot be shown, such as one whose script is broken: mend its file, reset or delete the world.
         */
        SickWorld: {
            /** World */
            world: string;
            /** Error */
            error: string;
        };
        /**
         * SlipShown
         * @description A transfer, as its slip names it; text is what people read on its picture.
         */
        SlipShown: {
            /** Bank */
            bank: string;
            /** Ref */
            ref: string;
            /** Slip */
            slip: string;
            /** Amount */
            amount: string;
            /** Currency */
            currency: string;
            /** Payer */
            payer: string;
            /** Payee */
            payee: string;
            /** Payee Name */
            payee_name: string;
            /** At */
            at: string;
            /** At Ms */
            at_ms: number;
            /** Returned */
            returned: boolean;
            /** Used For */
            used_for: string | null;
            /** Reference */
            reference: string;
            /** Text */
            text: string;
        };
        /**
         * Snapshot
         * @description A world as it is. texts: the scripts that its scenarios stand in. schemes: what each dumped, by its name.
         *
         *     calls: how many of each scheme and endpoint. unclaimed: payments that were asked for, and that nobody has shown.
         */
        Snapshot: {
            /**
             * Version
             * @default 2
             * @constant
             */
            version?: 2;
            /** World */
            world: string;
            /** Seed */
            seed: number;
            scenario: components["schemas"]["KeptScript"];
            /** Texts */
            texts: string[];
            /**
             * Mode
             * @enum {string}
             */
            mode: "real" | "frozen" | "offset" | "scaled";
            /** Now Ms */
            now_ms: number;
            /** Rate */
            rate: number;
            /** Drawn */
            drawn: {
                [key: string]: number;
            };
            /** Accounts */
            accounts: components["schemas"]["KeptAccount"][];
            /** Calls */
            calls: [
                string,
                string,
                number
            ][];
            player: components["schemas"]["KeptCounts"];
            /** Payments */
            payments: components["schemas"]["KeptPayment"][];
            /** Unclaimed */
            unclaimed: components["schemas"]["KeptPayment"][];
            /** Schemes */
            schemes: {
                [key: string]: unknown;
            };
            webhooks?: components["schemas"]["KeptOutbox"];
        };
        /**
         * State
         * @description Of an event: attempts are to come; one was accepted; none was, and none comes any more.
         * @enum {string}
         */
        State: "pending" | "delivered" | "given_up";
        /** StepShown */
        StepShown: {
            /** State */
            state: string;
            /** Begins */
            begins: string;
            /** Lasts */
            lasts: string;
            /** Paid */
            paid: string;
            /** Tracking */
            tracking: string[];
        };
        Struck: [
            string,
            number | null
        ];
        /** TextsRead */
        TextsRead: {
            /** Texts */
            texts: string[];
        };
        /** Token */
        Token: {
            /** Token */
            token: string;
        };
        /**
         * Tried
         * @description asks: what the payer has to give next; redirect: where the payer's browser goes.
         */
        Tried: {
            /** Status */
            status: string;
            /** Redirect */
            redirect: string | null;
            /** Asks */
            asks: string | null;
            /** Warning */
            warning: string | null;
        };
        /**
         * TriggeredShown
         * @description objects: the ids of what was made, each time, by kind. webhooks: those posted, if any endpoint takes them.
         */
        TriggeredShown: {
            /** Scheme */
            scheme: string;
            /** Event */
            event: string;
            /** Objects */
            objects: {
                [key: string]: string;
            }[];
            /** Webhooks */
            webhooks: components["schemas"]["bakong_simulator__control__webhook_shapes__WebhookShown"][];
        };
        /**
         * WebhookRule
         * @description Which fault strikes a webhook: of events whose types fit one of the globs, under which conditions.
         */
        WebhookRule: {
            /** Fault */
            fault: string;
            /**
             * Events
             * @default [
             *       "*"
             *     ]
             */
            events?: string[];
            /** Conditions */
            conditions?: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /** Parameters */
            parameters?: {
                [key: string]: unknown;
            };
        };
        /** WebhookWhole */
        WebhookWhole: {
            /** Number */
            number: number;
            /** Scheme */
            scheme: string;
            /** Id */
            id: string;
            /** Type */
            type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "given_up";
            /** Reason */
            reason: string | null;
            /** Payment */
            payment: string | null;
            /** Endpoint */
            endpoint: string | null;
            /** Url */
            url: string;
            /** Created Ms */
            created_ms: number;
            /** Due Ms */
            due_ms: number | null;
            /** Faults */
            faults: string[];
            /** Copy Of */
            copy_of: number | null;
            /** Attempts */
            attempts: components["schemas"]["AttemptWhole"][];
            /** Body */
            body: string;
        };
        /**
         * Whitelist
         * @description ips: the addresses in X-KM-IP-V4 that are let in; null: all.
         */
        Whitelist: {
            /** Ips */
            ips: string[] | null;
        };
        /** WhitelistShown */
        WhitelistShown: {
            /** Ips */
            ips: string[] | null;
        };
        /**
         * WhyShown
         * @description Why a call was answered so.
         *
         *     status: of its payment now. step: where its script stood then. rule: the fault that struck. near_miss: what
         *     it nearly was, for a path that is no endpoint, the nearest that is, else in a sentence.
         *     error: of a script in which nothing fitted.
         */
        WhyShown: {
            /** Status */
            status: string | null;
            /** About */
            about: string;
            /** Steps */
            steps: number;
            step: components["schemas"]["StepShown"] | null;
            rule: components["schemas"]["FaultShown"] | null;
            /** Near Miss */
            near_miss: string | null;
            /** Error */
            error: string | null;
        };
        /** WorldChange */
        WorldChange: {
            /** Journal Bytes */
            journal_bytes?: number | null;
            /**
             * Profile
             * @description From then on, whatever host a call names.
             */
            profile?: ("current" | "doc-1.0.2" | "sit" | "prod" | "relay") | null;
            /**
             * Profile By Host
             * @description The host that a call names says which profile.
             */
            profile_by_host?: boolean | null;
            limits?: components["schemas"]["LimitSetting"] | null;
            promptpay?: components["schemas"]["bakong_schemes__promptpay__fake__control__Settings"] | null;
            omise?: components["schemas"]["bakong_schemes__omise__fake__control__Settings"] | null;
            bkash?: components["schemas"]["bakong_schemes__bkash__fake__control__Settings"] | null;
            nagad?: components["schemas"]["bakong_schemes__nagad__fake__control__Settings"] | null;
            stripe?: components["schemas"]["bakong_schemes__stripe__fake__control__Settings"] | null;
            paystack?: components["schemas"]["bakong_schemes__paystack__fake__control__Settings"] | null;
        };
        /** WorldShown */
        WorldShown: {
            /** World */
            world: string;
            /** Seed */
            seed: number;
            /** Scenario */
            scenario: string;
            /** Schemes */
            schemes: string[];
            clock: components["schemas"]["Clock"];
            /** Payments */
            payments: number;
            /** Calls */
            calls: number;
            /** Journal Bytes */
            journal_bytes: number;
            /** Profile */
            profile: string;
            /** Profile By Host */
            profile_by_host: boolean;
            /** Quota Used */
            quota_used: number;
            limits: components["schemas"]["Limits"];
            /** Outbox */
            outbox: components["schemas"]["Mail"][];
            promptpay: components["schemas"]["bakong_schemes__promptpay__fake__control__Facts"];
        };
        /**
         * Customer
         * @description What the customer types; what is left out is right.
         */
        bakong_schemes__bkash__fake__control__Customer: {
            /**
             * Wallet
             * @default
             */
            wallet?: string;
            /**
             * Otp
             * @default
             */
            otp?: string;
            /**
             * Pin
             * @default
             */
            pin?: string;
        };
        /** Decided */
        bakong_schemes__bkash__fake__control__Decided: {
            /** Paymentid */
            paymentID: string;
            /** Status */
            status: string;
            /** Redirect */
            redirect: string | null;
        };
        /** Facts */
        bakong_schemes__bkash__fake__control__Facts: {
            /** Username */
            username: string;
            /** Password */
            password: string;
            /** Appkey */
            appKey: string;
            /** Appsecret */
            appSecret: string;
            /** Pin */
            pin: string;
            /** Otp */
            otp: string;
            /** Wallets */
            wallets: {
                [key: string]: string;
            };
            /** Baseurl */
            baseUrl: string;
            webhook: components["schemas"]["bakong_schemes__bkash__fake__control__WebhookShown"];
            /** Settings */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * NewWebhook
         * @description confirmed: nothing has to be confirmed first.
         */
        bakong_schemes__bkash__fake__control__NewWebhook: {
            /** Url */
            url: string | null;
            /**
             * Confirmed
             * @default false
             */
            confirmed?: boolean;
        };
        /**
         * Setting
         * @description What is left out stays as it is. Each is a guess about bKash, or a point that sources disagree about.
         */
        bakong_schemes__bkash__fake__control__Setting: {
            /** Execute Twice */
            execute_twice?: ("2117" | "2062") | null;
            /** Execute Early */
            execute_early?: ("2056" | "2060") | null;
            /**
             * Invoice Rule
             * @description create refuses an invoice that was paid already.
             */
            invoice_rule?: boolean | null;
            /**
             * Duplicate Rule
             * @description execute refuses the same within two minutes.
             */
            duplicate_rule?: boolean | null;
            /** Cancelled Query */
            cancelled_query?: ("Initiated" | "Cancelled") | null;
            /** Refund Days */
            refund_days?: number | null;
            /** Refund Once */
            refund_once?: boolean | null;
            /** Refund Charge */
            refund_charge?: string | null;
            /** Refund Status Shows */
            refund_status_shows?: ("last" | "first") | null;
            /** Void Status */
            void_status?: ("Cancelled" | "Completed") | null;
            /**
             * Token Rule
             * @description At most two token calls an hour, else blocked.
             */
            token_rule?: boolean | null;
            /** Blocked Status */
            blocked_status?: (403 | 429) | null;
            /** Refresh Ends Token */
            refresh_ends_token?: boolean | null;
            /** Accept Bearer */
            accept_bearer?: boolean | null;
            /** Agreement Url */
            agreement_url?: boolean | null;
            /** Refused Uses Up */
            refused_uses_up?: boolean | null;
            /** Maintenance Status */
            maintenance_status?: (200 | 503) | null;
            /** Credentials Status */
            credentials_status?: (200 | 401) | null;
            /**
             * Raw Credentials Error
             * @description 9999 with a raw line feed: no legal JSON.
             */
            raw_credentials_error?: boolean | null;
            /** Sns Base */
            sns_base?: string | null;
        };
        /**
         * Settings
         * @description Of a world: see /bkash/settings.
         */
        bakong_schemes__bkash__fake__control__Settings: {
            settings?: components["schemas"]["bakong_schemes__bkash__fake__control__Setting"] | null;
        };
        /** WalletShown */
        bakong_schemes__bkash__fake__control__WalletShown: {
            /** Msisdn */
            msisdn: string;
            /** Name */
            name: string;
            /** Balance */
            balance: string;
        };
        /** WebhookShown */
        bakong_schemes__bkash__fake__control__WebhookShown: {
            /** Url */
            url: string | null;
            /** Confirmed */
            confirmed: boolean;
            /** Topicarn */
            topicArn: string;
            /** Signingcerturl */
            signingCertURL: string;
        };
        /**
         * Customer
         * @description wallet: one of those that GET shows; by default the one that pays.
         */
        bakong_schemes__nagad__fake__control__Customer: {
            /** Wallet */
            wallet?: string | null;
        };
        /**
         * Decided
         * @description redirect: where the browser goes; null where it is not sent back, or not yet.
         */
        bakong_schemes__nagad__fake__control__Decided: {
            /** Paymentrefid */
            paymentRefId: string;
            /** Status */
            status: string;
            /** Redirect */
            redirect: string | null;
        };
        /**
         * Facts
         * @description Keys are lines of base64: publicKey is Nagad's, privateKey the merchant's, null where it kept it to itself.
         */
        bakong_schemes__nagad__fake__control__Facts: {
            /** Merchantid */
            merchantId: string;
            /** Merchantnumber */
            merchantNumber: string;
            /** Publickey */
            publicKey: string;
            /** Privatekey */
            privateKey: string | null;
            /** Merchantpublickey */
            merchantPublicKey: string;
            /** Pin */
            pin: string;
            /** Wallets */
            wallets: components["schemas"]["bakong_schemes__nagad__fake__control__WalletShown"][];
            whitelist: components["schemas"]["WhitelistShown"];
            settings: components["schemas"]["bakong_schemes__nagad__fake__control__SettingsShown"];
        };
        /**
         * Setting
         * @description What is left out stays as it is; null lifts a limit.
         */
        bakong_schemes__nagad__fake__control__Setting: {
            /**
             * Merchant
             * @default active
             * @enum {string}
             */
            merchant?: "active" | "inactive";
            /**
             * Unpaid Status
             * @default Ready
             * @enum {string}
             */
            unpaid_status?: "Ready" | "OrderInitiated" | "Initiated";
            /**
             * Abort Status
             * @default Aborted
             * @enum {string}
             */
            abort_status?: "Aborted" | "Cancelled";
            /**
             * Refund Status
             * @default cancelled
             * @enum {string}
             */
            refund_status?: "cancelled" | "refunded" | "success";
            /**
             * Complete Answer
             * @default plain
             * @enum {string}
             */
            complete_answer?: "plain" | "sealed";
            /**
             * Complete Again
             * @default duplicate
             * @enum {string}
             */
            complete_again?: "duplicate" | "same";
            /**
             * Refund Again
             * @default same
             * @enum {string}
             */
            refund_again?: "same" | "another";
            /**
             * Reasons
             * @default kinds
             * @enum {string}
             */
            reasons?: "kinds" | "opaque";
            /**
             * Error Status
             * @default 400
             */
            error_status?: number;
            /**
             * Aborted Code
             * @default 00_0001_001
             */
            aborted_code?: string;
            /**
             * Failed Code
             * @default 00_0002_001
             */
            failed_code?: string;
            /**
             * Max Order Id
             * @default 40
             */
            max_order_id?: number;
            /** Clock Difference S */
            clock_difference_s?: number | null;
            /** Reference Life S */
            reference_life_s?: number | null;
            /** Refund Days */
            refund_days?: number | null;
            /** Max Refunds */
            max_refunds?: number | null;
        };
        /**
         * Settings
         * @description Of a world: see /nagad/settings.
         */
        bakong_schemes__nagad__fake__control__Settings: {
            settings?: components["schemas"]["bakong_schemes__nagad__fake__control__Setting"] | null;
        };
        /** SettingsShown */
        bakong_schemes__nagad__fake__control__SettingsShown: {
            /** Merchant */
            merchant: string;
            /** Unpaid Status */
            unpaid_status: string;
            /** Abort Status */
            abort_status: string;
            /** Refund Status */
            refund_status: string;
            /** Complete Answer */
            complete_answer: string;
            /** Complete Again */
            complete_again: string;
            /** Refund Again */
            refund_again: string;
            /** Reasons */
            reasons: string;
            /** Error Status */
            error_status: number;
            /** Aborted Code */
            aborted_code: string;
            /** Failed Code */
            failed_code: string;
            /** Max Order Id */
            max_order_id: number;
            /** Clock Difference S */
            clock_difference_s: number | null;
            /** Reference Life S */
            reference_life_s: number | null;
            /** Refund Days */
            refund_days: number | null;
            /** Max Refunds */
            max_refunds: number | null;
        };
        /** WalletShown */
        bakong_schemes__nagad__fake__control__WalletShown: {
            /** Number */
            number: string;
            /** Name */
            name: string;
            /** About */
            about: string;
        };
        /** Facts */
        bakong_schemes__omise__fake__control__Facts: {
            /** Secretkey */
            secretKey: string;
            /** Publickey */
            publicKey: string;
            webhook: components["schemas"]["bakong_schemes__omise__fake__control__WebhookShown"];
            settings: components["schemas"]["bakong_schemes__omise__fake__control__SettingsShown"];
        };
        /** NewWebhook */
        bakong_schemes__omise__fake__control__NewWebhook: {
            /** Url */
            url: string | null;
        };
        /**
         * Setting
         * @description What is left out stays as it is. Rates are percent, as text, of the charges that are made from now on.
         */
        bakong_schemes__omise__fake__control__Setting: {
            /** Three D Secure */
            three_d_secure?: ("off" | "card" | "all") | null;
            /** Promptpay Refunds */
            promptpay_refunds?: boolean | null;
            /**
             * Redeliver
             * @description Webhooks are tried five times, in place of once.
             */
            redeliver?: boolean | null;
            /**
             * Card Complete
             * @description A card charged at once sends charge.complete.
             */
            card_complete?: boolean | null;
            /**
             * Raw Data
             * @description scannable_code.raw_data holds the code's text.
             */
            raw_data?: boolean | null;
            /** Refund Status */
            refund_status?: ("closed" | "pending") | null;
            /** Card Rate */
            card_rate?: string | null;
            /** Promptpay Rate */
            promptpay_rate?: string | null;
            /** Other Rate */
            other_rate?: string | null;
        };
        /**
         * Settings
         * @description Of a world: see /omise/settings.
         */
        bakong_schemes__omise__fake__control__Settings: {
            settings?: components["schemas"]["bakong_schemes__omise__fake__control__Setting"] | null;
        };
        /** SettingsShown */
        bakong_schemes__omise__fake__control__SettingsShown: {
            /** Three D Secure */
            three_d_secure: string;
            /** Promptpay Refunds */
            promptpay_refunds: boolean;
            /** Redeliver */
            redeliver: boolean;
            /** Card Complete */
            card_complete: boolean;
            /** Raw Data */
            raw_data: boolean;
            /** Refund Status */
            refund_status: string;
            /** Card Rate */
            card_rate: string;
            /** Promptpay Rate */
            promptpay_rate: string;
            /** Other Rate */
            other_rate: string;
        };
        /** WebhookShown */
        bakong_schemes__omise__fake__control__WebhookShown: {
            /** Url */
            url: string | null;
            /** Secret */
            secret: string;
        };
        /** Facts */
        bakong_schemes__paystack__fake__control__Facts: {
            /** Secretkey */
            secretKey: string;
            /** Publickey */
            publicKey: string;
            /** Webhookurl */
            webhookUrl: string | null;
            /** Callbackurl */
            callbackUrl: string | null;
            /** Baseurl */
            baseUrl: string;
            settings: components["schemas"]["bakong_schemes__paystack__fake__control__SettingsShown"];
        };
        /**
         * Payer
         * @description What the payer types; left out: the card that succeeds, and of a card the right CVV.
         */
        bakong_schemes__paystack__fake__control__Payer: {
            /**
             * Card
             * @default
             */
            card?: string;
            /**
             * Cvv
             * @default
             */
            cvv?: string;
            /**
             * Expiry
             * @default
             */
            expiry?: string;
            /**
             * Pin
             * @default
             */
            pin?: string;
            /**
             * Otp
             * @default
             */
            otp?: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /**
             * Bank
             * @description Whatever it holds, the payer's bank has agreed.
             * @default
             */
            bank?: string;
        };
        /**
         * Setting
         * @description What is left out stays as it is.
         */
        bakong_schemes__paystack__fake__control__Setting: {
            /** Unknown Reference Status */
            unknown_reference_status?: (400 | 404) | null;
            /** Initial Status */
            initial_status?: ("abandoned" | "pending") | null;
            /**
             * Failed Payable
             * @description A declined transaction may be tried again.
             */
            failed_payable?: boolean | null;
            /**
             * Reversed At
             * @description When a full refund makes a transaction reversed.
             */
            reversed_at?: ("processed" | "created") | null;
            /**
             * Per Page
             * @description How a list's meta gives perPage back.
             */
            per_page?: ("number" | "text") | null;
            /**
             * Refund Event
             * @description merged: with the refund's id.
             */
            refund_event?: ("merged" | "documented") | null;
            /**
             * New Authorization
             * @description Each use of a card makes a new code.
             */
            new_authorization?: boolean | null;
            /**
             * Retries
             * @description The ladder of webhooks.
             */
            retries?: ("test" | "live") | null;
            /** Fees */
            fees?: ("standard" | "none") | null;
        };
        /**
         * Settings
         * @description Of a world: see /paystack/settings.
         */
        bakong_schemes__paystack__fake__control__Settings: {
            settings?: components["schemas"]["bakong_schemes__paystack__fake__control__Setting"] | null;
        };
        /** SettingsShown */
        bakong_schemes__paystack__fake__control__SettingsShown: {
            /** Unknown Reference Status */
            unknown_reference_status: number;
            /** Initial Status */
            initial_status: string;
            /** Failed Payable */
            failed_payable: boolean;
            /** Reversed At */
            reversed_at: string;
            /** Per Page */
            per_page: string;
            /** Refund Event */
            refund_event: string;
            /** New Authorization */
            new_authorization: boolean;
            /** Retries */
            retries: string;
            /** Fees */
            fees: string;
        };
        /** Facts */
        bakong_schemes__promptpay__fake__control__Facts: {
            /**
             * Unknown Payees
             * @enum {string}
             */
            unknown_payees: "accept" | "refuse";
            /** Key */
            key: string;
        };
        /**
         * Settings
         * @description What is left out stays as it is.
         */
        bakong_schemes__promptpay__fake__control__Settings: {
            /**
             * Unknown Payees
             * @description Whether codes of payees that nobody has registered are paid; banks refuse them.
             */
            unknown_payees?: ("accept" | "refuse") | null;
        };
        /**
         * Facts
         * @description warnings: what calls asked for that Stripe knows and the sandbox does not act on.
         */
        bakong_schemes__stripe__fake__control__Facts: {
            /** Secretkey */
            secretKey: string;
            /** Publishablekey */
            publishableKey: string;
            /** Accountid */
            accountId: string;
            /** Apiversion */
            apiVersion: string;
            /** Baseurl */
            baseUrl: string;
            settings: components["schemas"]["bakong_schemes__stripe__fake__control__SettingsShown"];
            /** Warnings */
            warnings: string[];
        };
        /**
         * Payer
         * @description payment_method: a test id such as pm_card_visa, or the id of one that was made.
         */
        bakong_schemes__stripe__fake__control__Payer: {
            /**
             * Payment Method
             * @default pm_card_visa
             */
            payment_method?: string;
            /** Email */
            email?: string | null;
        };
        /**
         * Setting
         * @description What is left out stays as it is.
         */
        bakong_schemes__stripe__fake__control__Setting: {
            /**
             * Limits
             * @description Stripe's own rate limits: 25 requests a second.
             */
            limits?: boolean | null;
            /** Retries */
            retries?: ("test" | "live") | null;
            /** Conflict Type */
            conflict_type?: ("idempotency_error" | "invalid_request_error") | null;
            /** Over Refund Code */
            over_refund_code?: boolean | null;
            /** Intent Param */
            intent_param?: ("intent" | "id") | null;
            /** Expired Card Decline Code */
            expired_card_decline_code?: boolean | null;
            /** Hold Expires As */
            hold_expires_as?: ("canceled" | "requires_payment_method") | null;
            /** Created Last */
            created_last?: boolean | null;
            /** Released Hold Event */
            released_hold_event?: ("none" | "charge.refunded" | "charge.expired") | null;
            /** Unknown Card */
            unknown_card?: ("paid" | "declined") | null;
            /** Dispute Prefix */
            dispute_prefix?: ("du" | "dp") | null;
            /** Keep Validation Errors */
            keep_validation_errors?: boolean | null;
        };
        /**
         * Settings
         * @description Of a world: see /stripe/settings.
         */
        bakong_schemes__stripe__fake__control__Settings: {
            settings?: components["schemas"]["bakong_schemes__stripe__fake__control__Setting"] | null;
        };
        /** SettingsShown */
        bakong_schemes__stripe__fake__control__SettingsShown: {
            /** Limits */
            limits: boolean;
            /** Retries */
            retries: string;
            /** Conflict Type */
            conflict_type: string;
            /** Over Refund Code */
            over_refund_code: boolean;
            /** Intent Param */
            intent_param: string;
            /** Expired Card Decline Code */
            expired_card_decline_code: boolean;
            /** Hold Expires As */
            hold_expires_as: string;
            /** Created Last */
            created_last: boolean;
            /** Released Hold Event */
            released_hold_event: string;
            /** Unknown Card */
            unknown_card: string;
            /** Dispute Prefix */
            dispute_prefix: string;
            /** Keep Validation Errors */
            keep_validation_errors: boolean;
        };
        /**
         * NewCode
         * @description What a KHQR is to say. With merchant_id and acquiring_bank it is a merchant's, else a person's.
         */
        bakong_simulator__control__codes__NewCode: {
            /** Bakong Account Id */
            bakong_account_id: string;
            /** Merchant Name */
            merchant_name: string;
            /**
             * Merchant City
             * @default Phnom Penh
             */
            merchant_city?: string;
            /**
             * Currency
             * @default KHR
             * @enum {string}
             */
            currency?: "KHR" | "USD";
            /**
             * Amount
             * @description None: a static code, whose payer chooses.
             */
            amount?: string | null;
            /** Merchant Id */
            merchant_id?: string | null;
            /** Acquiring Bank */
            acquiring_bank?: string | null;
            /** Bill Number */
            bill_number?: string | null;
            /** Store Label */
            store_label?: string | null;
            /** Terminal Label */
            terminal_label?: string | null;
            /** Mobile Number */
            mobile_number?: string | null;
            /**
             * Lives S
             * @description Of a dynamic code.
             * @default 900
             */
            lives_s?: number;
            /**
             * World
             * @description Whose time it is made at.
             * @default default
             */
            world?: string;
        };
        /** NewCode */
        bakong_simulator__control__requests__NewCode: {
            /**
             * Scheme
             * @description By default the first scheme.
             */
            scheme?: string | null;
            /** Qr */
            qr: string;
            /** Scenario */
            scenario?: string | null;
        };
        /**
         * WebhookShown
         * @description due_ms: when the next attempt is due. copy_of: of one that is sent twice, the first.
         */
        bakong_simulator__control__webhook_shapes__WebhookShown: {
            /** Number */
            number: number;
            /** Scheme */
            scheme: string;
            /** Id */
            id: string;
            /** Type */
            type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "given_up";
            /** Reason */
            reason: string | null;
            /** Payment */
            payment: string | null;
            /** Endpoint */
            endpoint: string | null;
            /** Url */
            url: string;
            /** Created Ms */
            created_ms: number;
            /** Due Ms */
            due_ms: number | null;
            /** Faults */
            faults: string[];
            /** Copy Of */
            copy_of: number | null;
            /** Attempts */
            attempts: components["schemas"]["AttemptShown"][];
        };
        /**
         * Problem
         * @description RFC 9457.
         */
        Problem: {
            /** Type */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Instance */
            instance: string;
            /** Code */
            code: string;
            /**
             * Errors
             * @default null
             */
            errors?: {
                [key: string]: string;
            }[] | null;
        };
    };
    responses: {
        /** @description The body is not valid JSON, or a header that has one value comes twice. */
        Refused400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The control token is missing or wrong. */
        Refused401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The host or the origin is not the sandbox's own. */
        Refused403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not found. */
        Refused404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Method not allowed. */
        Refused405: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The state does not allow this. */
        Refused409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        Refused413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A value is not allowed. */
        Refused422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something failed that belongs to no world. */
        Refused503: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    about: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["About"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_scenarios: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScriptShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_worlds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["WorldShown"] | components["schemas"]["SickWorld"])[];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    make_world: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWorld"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Made"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_world: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorldShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    drop_world: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    change_world: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorldChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorldShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    reset_world: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorldShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_payments: {
        parameters: {
            query?: {
                scheme?: string | null;
                status?: ("unpaid" | "authorized" | "paid" | "failed" | "cancelled" | "expired" | "disputed") | null;
                /** @description Of those, the last so many. */
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["BakongPayment"] | components["schemas"]["PromptPayPayment"] | components["schemas"]["PaymentShown"])[];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    pay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPayment"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BakongPayment"] | components["schemas"]["PromptPayPayment"] | components["schemas"]["PaymentShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_payment: {
        parameters: {
            query?: {
                /** @description By default the first scheme. */
                scheme?: string | null;
            };
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BakongPayment"] | components["schemas"]["PromptPayPayment"] | components["schemas"]["PaymentShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    reverse_payment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BakongPayment"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_code: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_simulator__control__requests__NewCode"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BakongPayment"] | components["schemas"]["PromptPayPayment"] | components["schemas"]["PaymentShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_accounts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    open_account: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccount"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_ledger: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_clock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clock"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    set_clock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClockSetting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Clock"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    advance_clock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Advance"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Advanced"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_due: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DueShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_scenario: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    use_scenario: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    scheme?: string;
                };
                "application/yaml": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    hold_answers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BarrierSetting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BarrierShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    let_answers_go: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BarrierShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    take_snapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    restore_snapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Snapshot"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorldShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_event_types: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypeShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    trigger_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTrigger"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggeredShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_listeners: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListenerShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    put_listener: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewListener"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListenerShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    drop_listener: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    follow_webhooks: {
        parameters: {
            query?: {
                /** @description Only those of this listener's endpoints. */
                listener?: string | null;
                scheme?: string | null;
                /** @description The type of an event, a pattern with *. */
                type?: string | null;
                /** @description An event's id, as Last-Event-ID; or `start` for all that is kept. */
                after?: string | null;
                /** @description false: end with what is there now. */
                follow?: boolean;
            };
            header?: {
                "last-event-id"?: string | null;
            };
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_rows: {
        parameters: {
            query?: {
                scheme?: string | null;
                endpoint?: string | null;
                reference?: string | null;
                md5?: string | null;
                token?: string | null;
                fault?: string | null;
                scenario?: string | null;
                status?: number | null;
                /** @description Only calls up to this number: a window that stays. */
                upto?: number | null;
                offset?: number;
                count?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowsShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    follow_journal: {
        parameters: {
            query?: {
                scheme?: string | null;
                endpoint?: string | null;
                reference?: string | null;
                md5?: string | null;
                token?: string | null;
                fault?: string | null;
                scenario?: string | null;
                status?: number | null;
                /** @description An event's id, as Last-Event-ID; or `start` for all that is kept. */
                after?: string | null;
                /** @description So many rows at most in one event; it says how many older were skipped. */
                latest?: number;
                /** @description false: end with what is there now. */
                follow?: boolean;
            };
            header?: {
                "last-event-id"?: string | null;
            };
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_webhooks: {
        parameters: {
            query?: {
                scheme?: string | null;
                /** @description The reference of the payment that they are about. */
                payment?: string | null;
                state?: ("pending" | "delivered" | "given_up") | null;
                type?: string | null;
                /** @description Of those, the last so many. */
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_simulator__control__webhook_shapes__WebhookShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_faults: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NextFaultShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    add_fault: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFault"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NextFaultShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    drop_faults: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    list_endpoints: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    add_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEndpoint"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    drop_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                endpoint: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    roll_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                endpoint: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSecret"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    send_test: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_simulator__control__webhook_shapes__WebhookShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook: number;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWhole"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    resend_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook: number;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWhole"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_journal: {
        parameters: {
            query?: {
                format?: "json" | "har" | "replay";
                scheme?: string | null;
                endpoint?: string | null;
                reference?: string | null;
                md5?: string | null;
                token?: string | null;
                fault?: string | null;
                scenario?: string | null;
                status?: number | null;
                error_code?: number | null;
                /** @description Only calls with a higher number. */
                after?: number;
                /** @description Of those, the last so many. */
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JournalShown"] | components["schemas"]["HarShown"] | components["schemas"]["RecordingShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    verify_journal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Expectation"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_script: {
        parameters: {
            query?: {
                /** @description By default the first scheme. */
                scheme?: string | null;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScriptWhole"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    check_script: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckedShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    use_for_payment: {
        parameters: {
            query?: {
                /** @description By default the first scheme. */
                scheme?: string | null;
            };
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    scheme?: string;
                };
                "application/yaml": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentScript"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    draw_code: {
        parameters: {
            query: {
                text: string;
                /** @description The KHQR card: name and amount around the code. */
                card?: boolean;
                format?: "svg" | "png";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": string;
                    "image/png": string;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    read_picture: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "image/*": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TextsRead"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    explain_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Explained"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExplainedShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    make_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_simulator__control__codes__NewCode"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeCode"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    service_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    service_rows: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                kind: "payments" | "subscriptions" | "orders" | "escrow" | "webhooks" | "audit-logs";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    service_story: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: "payments" | "subscriptions" | "orders" | "escrow" | "webhooks";
                row_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    service_resend: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                row_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    make_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    take_back_tokens: {
        parameters: {
            query?: {
                token?: string | null;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_list_payees: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayeeShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_register_proxy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProxy"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayeeShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_register_biller: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBiller"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayeeShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_forget_payee: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                payee: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_list_slips: {
        parameters: {
            query?: {
                qr?: string | null;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlipShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_get_slip: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bank: string;
                ref: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SlipShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    promptpay_draw_slip: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bank: string;
                ref: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": unknown;
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__omise__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_set_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__omise__fake__control__NewWebhook"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__omise__fake__control__WebhookShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_roll_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__omise__fake__control__WebhookShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__omise__fake__control__Setting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__omise__fake__control__SettingsShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_pay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_fail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Failure"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    omise_authorize: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__Setting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_set_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__NewWebhook"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__WebhookShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_wallets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__WalletShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_set_wallet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWallet"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__WalletShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_list_payments: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentShownHere"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    bkash_decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                action: "approve" | "cancel" | "fail";
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__Customer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__bkash__fake__control__Decided"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Setting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__SettingsShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_set_whitelist: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Whitelist"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhitelistShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_set_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKeys"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_drop_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Customer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Decided"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Customer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Decided"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    nagad_fail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Customer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__nagad__fake__control__Decided"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__stripe__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__stripe__fake__control__Setting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__stripe__fake__control__SettingsShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_authenticate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acted"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_fail_authentication: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acted"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_pay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__stripe__fake__control__Payer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acted"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acted"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    stripe_answer_next: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Next"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NextShown"][];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_set_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUrl"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_set_callback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUrl"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__Facts"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__Setting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__SettingsShown"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_pay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["bakong_schemes__paystack__fake__control__Payer"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tried"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    paystack_abandon: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                reference: string;
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tried"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
    show_generic_credentials: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                world: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            400: components["responses"]["Refused400"];
            401: components["responses"]["Refused401"];
            403: components["responses"]["Refused403"];
            404: components["responses"]["Refused404"];
            405: components["responses"]["Refused405"];
            409: components["responses"]["Refused409"];
            413: components["responses"]["Refused413"];
            422: components["responses"]["Refused422"];
            503: components["responses"]["Refused503"];
        };
    };
}
