-- A moment before "last_comm", by 24 hours at most, or -infinity: an index on "last_comm" would be written with each report, one on this
-- is once a day. What was heard of before a moment has its floor before that, too.
ALTER TABLE "device_status" ADD COLUMN "last_comm_floor" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity';

-- Whatever a writer knows of it: the gateway gives it with the first report, and with no other one.
CREATE FUNCTION "device_status_last_comm_floor"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."last_comm_floor" := coalesce(NEW."last_comm", '-infinity');
  RETURN NEW;
END $$;

CREATE TRIGGER "device_status_last_comm_floor" BEFORE INSERT OR UPDATE ON "device_status" FOR EACH ROW
  WHEN (coalesce(NEW."last_comm", '-infinity')
    NOT BETWEEN NEW."last_comm_floor" AND NEW."last_comm_floor" + interval '24 hours')
  EXECUTE FUNCTION "device_status_last_comm_floor"();
