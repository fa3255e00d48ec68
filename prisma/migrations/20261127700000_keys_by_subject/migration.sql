-- The digest of a key begins with that of its subject, so that one index finds a key and counts those of a subject.
-- Keys of before are found no more and go with their time; no release has stored any.
DROP INDEX "idempotency_key_subject_digest_idx";
ALTER TABLE "idempotency_key" DROP COLUMN "subject_digest";
