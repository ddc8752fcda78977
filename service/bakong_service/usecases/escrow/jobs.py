"""Jobs as the platform sends them: who takes part, and when the work was done. Completion starts the 48 hours."""

from dataclasses import dataclass, replace

from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow import Job, JobStatus, Party
from bakong_service.domain.escrow_book import EscrowState
from bakong_service.domain.escrow_hold import release_due_ms
from bakong_service.domain.escrow_roles import Actor
from bakong_service.usecases.escrow.held import save
from bakong_service.usecases.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SentJob:
    """A job as it was sent. completed_ms None: now, where it is COMPLETED."""

    id: str
    package_name: str
    guardian: Party
    caregiver: Party
    agency: Party
    status: JobStatus
    completed_ms: int | None = None


def put_job(unit: UnitOfWork, actor: Actor, sent: SentJob) -> Job:
    """The job as it is stored; its held money is released 48 hours after its completion. Raises EscrowError."""
    if not actor.is_admin:
        raise EscrowError("job_not_found", f"no job has the id {sent.id}")
    before = unit.records.job_by_id(sent.id, held=True)
    payment = unit.records.escrow_payment_of_job(sent.id, held=True)
    if before is not None and payment is not None and _parties(before) != (sent.guardian.id, *_owed(sent)):
        raise EscrowError("job_has_payment", "who takes part in a job does not change once it is paid for")
    job = Job(
        id=sent.id,
        package_name=sent.package_name,
        guardian=sent.guardian,
        caregiver=sent.caregiver,
        agency=sent.agency,
        status=sent.status,
        created_ms=unit.at_ms if before is None else before.created_ms,
        updated_ms=unit.at_ms,
        completed_ms=_completed_ms(unit, before, sent),
    )
    unit.records.save_job(job)
    shown = {"status": job.status.value, "completedMs": job.completed_ms}
    was = None if before is None else {"status": before.status.value, "completedMs": before.completed_ms}
    unit.audit("job.put", f"job/{job.id}", was, shown)
    if payment is not None and payment.book.escrow is EscrowState.HELD:
        due_ms = None if job.completed_ms is None else release_due_ms(job.completed_ms)
        save(unit, payment, replace(payment, release_ms=due_ms), "its job has changed")
        unit.notified = True  # the worker is to look
    return job


def _completed_ms(unit: UnitOfWork, before: Job | None, sent: SentJob) -> int | None:
    if sent.status is not JobStatus.COMPLETED:
        return None
    if sent.completed_ms is not None:
        return sent.completed_ms
    return unit.at_ms if before is None or before.completed_ms is None else before.completed_ms


def _owed(sent: SentJob) -> tuple[str, str]:
    return sent.caregiver.id, sent.agency.id


def _parties(job: Job) -> tuple[str, str, str]:
    return job.guardian.id, job.caregiver.id, job.agency.id
