"""What a payer does beside the API, by a page or at the control API: the bank's question, and what follows from it."""

from bakong_schemes.stripe.fake import checkout, intents
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.view import View


def authenticate(view: View, intent: Json, *, succeeds: bool) -> str | None:
    """Answer the bank; where the payer's browser goes then. Raises ApiError where nobody is asked."""
    intents.authenticate(view, intent, succeeds=succeeds)
    checkout.after(view, intent)
    beside = view.state.intents[intent["id"]]
    session = view.get("checkout.session", beside.session)
    if session is None:
        return intents.return_url(view, intent)
    if session["status"] == "complete":
        return checkout.success_url(session)
    return f"{beside.origin}/pay/c/{session['id']}"
