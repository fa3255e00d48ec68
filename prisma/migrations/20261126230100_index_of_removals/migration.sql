-- Where workers look for removals.
CREATE INDEX CONCURRENTLY "provisioning_job_removal_due" ON "provisioning_job"("removal_due_at")
  WHERE "removal_due_at" IS NOT NULL AND "state" IN ('QUEUED', 'RUNNING');
