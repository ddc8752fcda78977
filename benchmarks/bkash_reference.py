"""What the fake bKash's query is measured against: the same work in plain FastAPI, on the same uvicorn.

A pydantic body, a response model, two headers as dependencies; no journal, no scenario, no clock.
Arguments: PORT TOKEN APP_KEY PAYMENT_ID...
"""

import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

TOKEN, APP_KEY = sys.argv[2:4]
CREATED = "2026-02-11T06:00:00:000 GMT+0600"
app = FastAPI()


class Query(BaseModel):
    paymentID: str = Field(min_length=1, max_length=255)  # noqa: N815  bKash's own


class Payment(BaseModel):
    statusCode: str  # noqa: N815
    statusMessage: str  # noqa: N815
    paymentID: str | None = None  # noqa: N815
    mode: str | None = None
    paymentCreateTime: str | None = None  # noqa: N815
    paymentExecuteTime: str | None = None  # noqa: N815
    amount: str | None = None
    currency: str | None = None
    intent: str | None = None
    merchantInvoice: str | None = None  # noqa: N815
    trxID: str | None = None  # noqa: N815
    transactionStatus: str | None = None  # noqa: N815
    verificationStatus: str | None = None  # noqa: N815
    payerReference: str | None = None  # noqa: N815
    merchantInvoiceNumber: str | None = None  # noqa: N815
    userVerificationStatus: str | None = None  # noqa: N815
    customerMsisdn: str | None = None  # noqa: N815
    payerType: str | None = None  # noqa: N815
    payerAccount: str | None = None  # noqa: N815
    maxRefundableAmount: str | None = None  # noqa: N815


FOUND = {
    id_: Payment(
        statusCode="0000",
        statusMessage="Successful",
        paymentID=id_,
        mode="0011",
        paymentCreateTime=CREATED,
        paymentExecuteTime=CREATED,
        amount="100.00",
        currency="BDT",
        intent="sale",
        merchantInvoice="B-1",
        trxID="DBB1234567",
        transactionStatus="Completed",
        verificationStatus="Complete",
        payerReference="1",
        merchantInvoiceNumber="B-1",
        userVerificationStatus="Complete",
        customerMsisdn="01300000001",
        payerType="Customer",
        payerAccount="01300000001",
        maxRefundableAmount="100.00",
    )
    for id_ in sys.argv[4:]
}
UNKNOWN = Payment(statusCode="2002", statusMessage="Unknown or expired payment ID")


@app.post("/bkash/v1.2.0-beta/tokenized/checkout/payment/status", response_model_exclude_none=True)
async def query(
    asked: Query,
    authorization: Annotated[str | None, Header()] = None,
    x_app_key: Annotated[str | None, Header()] = None,
) -> Payment:
    if (authorization, x_app_key) != (TOKEN, APP_KEY):
        raise HTTPException(401)
    return FOUND.get(asked.paymentID, UNKNOWN)


@app.get("/sandbox/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
