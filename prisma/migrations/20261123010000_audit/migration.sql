-- Who changed what, written in the same statement as the change.

-- CreateTable
CREATE TABLE "device_audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "device_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "action" TEXT NOT NULL,
    "paths" TEXT[],
    "subject" TEXT NOT NULL,
    "access_level" TEXT,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "device_audit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "device_audit_device_id_id_idx" ON "device_audit"("device_id", "id");
