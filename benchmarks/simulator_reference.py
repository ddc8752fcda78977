"""What the simulator's hot path is measured against: the same work in plain FastAPI, on the same uvicorn.

A pydantic body, a response model, the HTTPBearer dependency; no journal, no quota, no scenario.
Arguments: PORT TOKEN MD5...
"""

import sys
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

TOKEN = sys.argv[2]
bearer = HTTPBearer(auto_error=False)
app = FastAPI()


class Question(BaseModel):
    md5: str = Field(min_length=1, max_length=255)


class Transaction(BaseModel):
    hash: str
    fromAccountId: str  # noqa: N815
    toAccountId: str  # noqa: N815
    currency: str
    amount: float
    description: str | None = None
    createdDateMs: int  # noqa: N815
    acknowledgedDateMs: int  # noqa: N815
    trackingStatus: str | None = None  # noqa: N815
    receiverBank: str | None = None  # noqa: N815
    receiverBankAccount: str | None = None  # noqa: N815
    instructionRef: str | None = None  # noqa: N815
    externalRef: str | None = None  # noqa: N815


class Envelope(BaseModel):
    responseCode: int  # noqa: N815
    responseMessage: str  # noqa: N815
    errorCode: int | None = None  # noqa: N815
    data: Transaction | None = None


FOUND = {
    md5: Transaction(
        hash=md5 + md5,
        fromAccountId="sandkhppxxx@sand",
        toAccountId="sokha@devb",
        currency="USD",
        amount=1.5,
        createdDateMs=1772125349000,
        acknowledgedDateMs=1772125351000,
        externalRef="100FT36931627892",
    )
    for md5 in sys.argv[3:]
}
NOT_FOUND = Envelope(
    responseCode=1, responseMessage="Transaction could not be found. Please check and try again.", errorCode=1
)


@app.post("/v1/check_transaction_by_md5")
async def check(
    question: Question, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Envelope:
    if credentials is None or credentials.credentials != TOKEN:
        raise HTTPException(401)
    payment = FOUND.get(question.md5)
    if payment is None:
        return NOT_FOUND
    return Envelope(responseCode=0, responseMessage="Success", data=payment)


@app.get("/sandbox/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
