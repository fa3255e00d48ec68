-- Who changed which device model or customer, when, by which request; for operators. It names what changed and holds no values.

-- CreateTable
CREATE TABLE "catalog_audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "object_type" TEXT NOT NULL,
    "object_id" TEXT COLLATE "C" NOT NULL,
    "action" TEXT NOT NULL,
    "paths" TEXT[],
    "subject" TEXT NOT NULL,
    "access_level" TEXT,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "catalog_audit_pkey" PRIMARY KEY ("object_id","id")
);
