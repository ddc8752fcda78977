// Made by `make types` from contracts/openapi/open-api.json.
export interface paths {
    "/v1/request_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register an e-mail: a code comes by mail. Gone from the documents since 1.0.3. */
        post: operations["request_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange the mailed code for a token. Gone from the documents since 1.0.3; applications still call it. */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/renew_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new token for a registered e-mail, in the answer itself. */
        post: operations["renew_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/generate_deeplink_by_qr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A link that opens the Bakong app with a code; sourceInfo may be left out, but not by half. */
        post: operations["generate_deeplink_by_qr"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_md5": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The transaction by md5. */
        post: operations["check_transaction_by_md5"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_hash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The transaction by hash. */
        post: operations["check_transaction_by_hash"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_short_hash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The transaction by short hash. */
        post: operations["check_transaction_by_short_hash"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_instruction_ref": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The transaction by instruction ref. */
        post: operations["check_transaction_by_instruction_ref"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_external_ref": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The transaction by external ref. */
        post: operations["check_transaction_by_external_ref"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_md5_list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Up to 50 transactions by md5, in the order asked; each SUCCESS, NOT_FOUND, FAILED or STATIC_QR. */
        post: operations["check_transaction_by_md5_list"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_transaction_by_hash_list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Up to 50 transactions by full hash, in the order asked; each SUCCESS, NOT_FOUND or FAILED. */
        post: operations["check_transaction_by_hash_list"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_bakong_account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether an account exists. The documents ask for a token, the live API does not. */
        post: operations["check_bakong_account"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_account_exist": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether an account exists. The documents ask for a token, the live API does not. */
        post: operations["check_account_exist"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check_account_by_id": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether an account exists. The documents ask for a token, the live API does not. */
        post: operations["check_account_by_id"];
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
        Transaction: {
            hash: string;
            fromAccountId: string;
            toAccountId: string;
            /** @enum {unknown} */
            currency: "KHR" | "USD";
            amount: number;
            description: string | null;
            createdDateMs: number;
            acknowledgedDateMs: number;
            /** @enum {unknown} */
            trackingStatus: "RECEIVE_AT_ACH" | "RECEIVE_AT_RECEIVER_BANK" | "ACKNOWLEDGED_BY_FI" | "REFUNDED_BY_RECEIVER" | null;
            receiverBank: string | null;
            receiverBankAccount: string | null;
            instructionRef: string | null;
            externalRef: string | null;
        };
        Refusal: {
            /** @constant */
            responseCode: 1;
            responseMessage: string;
            errorCode: number;
            data: null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    request_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "developer@shop.example",
                 *       "organization": "Sokha's Shop",
                 *       "project": "Checkout"
                 *     }
                 */
                "application/json": {
                    email: string;
                    organization: string;
                    project: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: null;
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "0123456789abcdef0123"
                 *     }
                 */
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: {
                            token: string;
                        };
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    renew_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "developer@shop.example"
                 *     }
                 */
                "application/json": {
                    email: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: {
                            token: string;
                        };
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    generate_deeplink_by_qr: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "qr": "00020101021229180014chan.sokha@dev520459995303116540498005802KH5910Chan Sokha6010Phnom Penh993400131772125349000011317721262490006304C3CF",
                 *       "sourceInfo": {
                 *         "appIconUrl": "https://shop.example/icon.png",
                 *         "appName": "Sokha's Shop",
                 *         "appDeepLinkCallback": "https://shop.example/paid"
                 *       }
                 *     }
                 */
                "application/json": {
                    qr: string;
                    sourceInfo?: {
                        appIconUrl: string;
                        appName: string;
                        appDeepLinkCallback: string;
                    };
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: {
                            shortLink: string;
                        };
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_md5: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "md5": "83f3a8a978dc63f1e69e9c4ecf12f283"
                 *     }
                 */
                "application/json": {
                    md5: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: components["schemas"]["Transaction"];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_hash: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "hash": "8f1c2ad09e4b7765310fbc2e5d98a4730c6e1b5f2a7d94083e6b1c5f7a2d9e40"
                 *     }
                 */
                "application/json": {
                    hash: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: components["schemas"]["Transaction"];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_short_hash: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "hash": "8f1c2ad0",
                 *       "amount": 9800,
                 *       "currency": "KHR"
                 *     }
                 */
                "application/json": {
                    hash: string;
                    amount: number;
                    /** @enum {unknown} */
                    currency: "USD" | "KHR";
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: components["schemas"]["Transaction"];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_instruction_ref: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instructionRef": "SB12345678901234"
                 *     }
                 */
                "application/json": {
                    instructionRef: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: components["schemas"]["Transaction"];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_external_ref: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "externalRef": "100FT36931627892"
                 *     }
                 */
                "application/json": {
                    externalRef: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: components["schemas"]["Transaction"];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_md5_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example [
                 *       "83f3a8a978dc63f1e69e9c4ecf12f283",
                 *       "0123456789abcdef0123456789abcdef"
                 *     ]
                 */
                "application/json": string[];
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: {
                            md5: string;
                            /** @enum {unknown} */
                            status: "SUCCESS" | "NOT_FOUND" | "FAILED" | "STATIC_QR";
                            message: string;
                            data: components["schemas"]["Transaction"] | null;
                        }[];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_transaction_by_hash_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example [
                 *       "8f1c2ad09e4b7765310fbc2e5d98a4730c6e1b5f2a7d94083e6b1c5f7a2d9e40",
                 *       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                 *     ]
                 */
                "application/json": string[];
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: {
                            hash: string;
                            /** @enum {unknown} */
                            status: "SUCCESS" | "NOT_FOUND" | "FAILED" | "STATIC_QR";
                            message: string;
                            data: components["schemas"]["Transaction"] | null;
                        }[];
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Not let in. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_bakong_account: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "chan.sokha@dev"
                 *     }
                 */
                "application/json": {
                    accountId: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: null;
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_account_exist: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "chan.sokha@dev"
                 *     }
                 */
                "application/json": {
                    accountId: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: null;
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_account_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "chan.sokha@dev"
                 *     }
                 */
                "application/json": {
                    accountId: string;
                };
            };
        };
        responses: {
            /** @description What was asked, or a refusal that the API gives with status 200. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        responseCode: 0;
                        responseMessage: string;
                        errorCode: null;
                        data: null;
                    } | components["schemas"]["Refusal"];
                };
            };
            /** @description The body has not the form. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page: from abroad, or the md5 list on production. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The edge's page. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
}
