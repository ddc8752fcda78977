"""Escrow: a guardian's payment for a job, held until the job is done, then released, or refunded."""
