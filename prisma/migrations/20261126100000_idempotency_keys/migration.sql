-- Once and only once: a key is stored by the statement of its effect. The table holds keyed digests only, so nothing in it can be
-- guessed from: neither keys, nor arguments, nor who sent them.

-- CreateTable
CREATE TABLE "idempotency_key" (
    "key_digest" BYTEA NOT NULL,
    "args_digest" BYTEA NOT NULL,
    "subject_digest" BYTEA NOT NULL,
    "object_id" TEXT COLLATE "C" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("key_digest")
);

-- CreateIndex
CREATE INDEX "idempotency_key_subject_digest_idx" ON "idempotency_key"("subject_digest");
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- What the digests are made with, sealed by the key ring: one row.

-- CreateTable
CREATE TABLE "idempotency_secret" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "sealed" TEXT NOT NULL,

    CONSTRAINT "idempotency_secret_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "idempotency_secret_one" CHECK ("id" = 1)
);
